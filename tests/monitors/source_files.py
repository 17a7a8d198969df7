"""Small programs in other languages, with what their scanners and grammars find hardest."""

from __future__ import annotations

from typing import Final

SOURCES: Final = {
    "javascript": r"""#!/usr/bin/env node
import { readFile } from "node:fs/promises";

/** A shelf of jars; it's (almost) "full". */
class Shelf {
  #jars = new Map();
  static limit = 12;

  add(name, { weight = 1, tags = [] } = {}) {
    const label = `jar ${name.replace(/[\s/'"]+/g, "-")} (${tags.map((tag) => `#${tag}`).join(", ")})`;
    this.#jars.set(name, { label, weight });
    return this.#jars.size / Shelf.limit;
  }

  get heaviest() {
    const sorted = [...this.#jars.values()].sort((a, b) => b.weight - a.weight);
    return sorted.length > 0 ? sorted[0] : null;
  }
}

export async function load(path) {
  const shelf = new Shelf();
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    if (/^\s*(#|\/\/)/.test(line)) continue; // don't count comments
    const [name, weight] = line.split("=");
    shelf.add(name?.trim() ?? "unknown", { weight: Number(weight) || 1 });
  }
  return shelf;
}

let i = 0;
while (i++ / 2 < 3) {
  console.log('it\'s', "\"quoted\"", i % 2 === 0 ? "even" : "odd");
}
""",
    "javascriptreact": r"""export function Card({ title, items, onPick }) {
  if (!items.length) return <p className="empty">It's empty (yet)</p>;
  return (
    <section title={title}>
      <h2>{title} &amp; more</h2>
      {items.map((item) => (
        <button key={item.id} onClick={() => onPick(item.id)} disabled>
          Don't {item.name}
        </button>
      ))}
      <>
        <br />
        {items.length / 2}
      </>
    </section>
  );
}
""",
    "typescript": r"""interface Shape<T extends number = number> {
  readonly kind: "circle" | "square";
  area(scale?: T): number;
}

type Handlers = { [K in Shape["kind"]]?: (shape: Shape) => void };

abstract class Base implements Shape {
  abstract readonly kind: "circle" | "square";
  protected constructor(private readonly size: number) {}

  area(scale: number = 1): number {
    return this.size ** 2 * scale / 1.0;
  }
}

export function first<T>(values: readonly T[], fits: (value: T) => value is T): T | undefined {
  for (const value of values as T[]) {
    if (fits(value)) {
      return value!;
    }
  }
  return undefined;
}

const text = `${first([1, 2, 3], (x): x is number => x > 1)!.toFixed(2)} it's`;
""",
    "go": r"""package shelf

import (
	"fmt"
	"strings"
)

// Jar is one jar; it's "small" (mostly).
type Jar struct {
	Name   string `json:"name,omitempty"`
	Weight float64
}

func (j *Jar) Label(tags ...string) (string, error) {
	if j == nil || j.Name == "" {
		return "", fmt.Errorf("no name: %q", '"')
	}
	parts := map[rune]int{'\'': 1, '(': 2}
	for i, tag := range tags {
		parts[rune(tag[0])] = i
	}
	switch n := len(parts); {
	case n > 2:
		return strings.Join(tags, `", "`), nil
	default:
		go func() { fmt.Println(n / 2) }()
	}
	return j.Name, nil
}
""",
    "c": r"""#ifndef SHELF_H
#define SHELF_H

#include <stdio.h>

#define MOST(a, b) \
    ((a) > (b) ? (a) : (b))

struct jar {
    const char *name;
    double weight;
};

static int is_open(char c)
{
    return c == '(' || c == '"' || c == '\'';
}

int count(const struct jar *jars, int n)
{
    int found = 0;
#ifdef VERBOSE
    for (int i = 0; i < n; i++) {
        printf("it's \"%s\"\n", jars[i].name);
#else
    for (int i = 0; i < n; i++) {
#endif
        found += is_open(jars[i].name[0]) / 1;
    }
    return MOST(found, 0);
}

#endif /* SHELF_H */
""",
    "cpp": r"""#include <memory>
#include <vector>

namespace shelf {

template <typename T>
class Box : public std::enable_shared_from_this<Box<T>> {
public:
    explicit Box(std::vector<T> values) : values_{std::move(values)} {}

    template <typename F>
    auto each(F &&f) const -> decltype(f(values_.front())) {
        for (const auto &value : values_) {
            f(value);
        }
        return f(values_[0]);
    }

    static constexpr auto text = R"x(it's "raw" ( )x";
    static constexpr long most = 1'000'000;

private:
    std::vector<T> values_;
};

int main_like() {
    auto box = std::make_shared<Box<int>>(std::vector<int>{1, 2, 3});
    return box->each([](int x) { return x >> 1; });
}

}  // namespace shelf
""",
    "rust": r"""use std::collections::HashMap;

/// A shelf; it's /* not */ "full".
pub struct Shelf<'a> {
    jars: HashMap<&'a str, f64>,
}

impl<'a> Shelf<'a> {
    pub fn add(&mut self, name: &'a str, weight: f64) -> Option<f64> {
        let quote = '\'';
        let text = r#"it's "raw" ("#;
        let r#type = b'(';
        if name.starts_with(quote) || text.len() == 0 || r#type == 1 {
            return None;
        }
        self.jars.insert(name, weight)
    }

    pub fn heaviest(&self) -> Option<(&&'a str, &f64)> {
        'outer: loop {
            break 'outer;
        }
        self.jars
            .iter()
            .max_by(|a, b| a.1.partial_cmp(b.1).unwrap())
    }
}

/* a comment /* in a comment */ that's it */
fn main() {
    println!("{:?} {}", Shelf { jars: HashMap::new() }.heaviest(), "\"");
}
""",
    "java": r'''package shelf;

import java.util.List;

/** A jar; it's "small". */
public record Jar(String name, double weight) {
    private static final char QUOTE = '\'';
    static final String TEXT = """
        it's "text" (
        """;

    @Override
    public String toString() {
        return name.isEmpty() ? "" : name + QUOTE + '"' + TEXT.length() / 2;
    }

    public static double sum(List<? extends Jar> jars) {
        double total = 0;
        for (var jar : jars) {
            if (jar.weight() > 0 && !jar.name().startsWith("(")) {
                total += jar.weight();
            }
        }
        return jars.stream().mapToDouble(Jar::weight).max().orElse(total);
    }
}
''',
    "json": """{
  "name": "it's (a name)",
  "values": [1, 2.5, true, null],
  "more": {"\\"quoted\\"": []}
}
""",
    "jsonc": """{
  // it's (a comment
  "name": "it's (a name)", /* [ */
  "values": [1, 2.5, true, null],
}
""",
}
"""Source by language id."""
