/** Values out of settings, whatever somebody has written there: VS Code passes on what is of another type. */

export function textIn(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

export function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

export function switchesIn(value: unknown): Record<string, boolean> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean"));
}
