/** Repetitions that alternate between subjects, so that a machine that slows down slows them alike. */

export interface Subject {
  /** Runs one repetition and returns its figure. */
  run(repetition: number): Promise<number>
}

/** One list of samples per subject, in order; repetition `i` of all belongs together. The first round warms up. */
export async function alternate(
  subjects: readonly Subject[],
  repetitions: number,
  warmUps = 1,
): Promise<number[][]> {
  const samples = subjects.map((): number[] => [])
  for (let round = 0; round < repetitions + warmUps; round++) {
    const order = [...subjects.keys()]
    if (round % 2 === 1) order.reverse()
    for (const at of order) {
      const sample = await subjects[at]!.run(round)
      if (round >= warmUps) samples[at]!.push(sample)
    }
  }
  return samples
}

/** Ratios of samples taken in the same round. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): number[] {
  return numerators.map((value, at) => value / denominators[at]!)
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return (performance.now() - startedAt) / 1_000
}
