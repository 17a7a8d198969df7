package main

// Owner is whom an account belongs to.
type Owner struct {
	FullName string
	Email    string
}

// Account holds money.
type Account struct {
	Owner   Owner
	Balance int
}

// Deposit adds to the balance.
func (a *Account) Deposit(amount int) {
	a.Balance += amount
}
