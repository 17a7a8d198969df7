#pragma once

#include <string>

enum class Currency { Euro, Franc };

struct Owner {
  std::string full_name;
  std::string email;
};

class Account {
 public:
  void deposit(int amount) { balance += amount; }

  Owner owner;
  int balance = 0;
};
