/** Which servers this extension can talk to. */

/** Older servers lack something that the extension needs. */
export const OLDEST_SERVER = "0.4.0";

/** Return whether `version` is `oldest` or newer; what is no version is not. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [left, right] = [parts(version), parts(oldest)];
  if (left === undefined || right === undefined) {
    return false;
  }
  for (const [i, wanted] of right.entries()) {
    const difference = (left[i] ?? 0) - wanted;
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return true;
}

function parts(version: string): number[] | undefined {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  return found?.slice(1).map((part) => Number(part || "0"));
}
