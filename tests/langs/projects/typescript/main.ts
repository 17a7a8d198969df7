import { Account, Currency } from "./account";

export function greet(account: Account): string {
  account.deposit(10);
  return account.$0
}
