/** Waits for a condition by polling it: no test sleeps for a time it guessed. The timeout only ends what hangs. */

export async function until(
  condition: () => unknown,
  { timeoutMs = 150_000, what = String(condition) }: { timeoutMs?: number; what?: string } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
