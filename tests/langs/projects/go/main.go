package main

func total(account *Account) int {
	account.Deposit(10)
	return account.$0
}

func main() {
	println(total(&Account{}))
}
