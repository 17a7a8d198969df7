export interface Owner {
  fullName: string;
  email?: string;
}

export enum Currency {
  Euro = "EUR",
  Franc = "CHF",
}

export class Account {
  balance = 0;

  constructor(readonly owner: Owner, readonly currency: Currency) {}

  deposit(amount: number): void {
    this.balance += amount;
  }
}
