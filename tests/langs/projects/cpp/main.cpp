#include "account.h"

int total(Account *account) {
  account->deposit(10);
  return account->$0
}
