const FIRST_MS = 500;
const SLOWEST_MS = 10_000;

/** Ask for something of the network until it comes; it may be away for a while. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_MS; ; wait = Math.min(2 * wait, SLOWEST_MS)) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
