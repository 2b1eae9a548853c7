/** One measured figure: its samples, their median and their spread. Pure. */

export type Reach = { readonly atMost: number } | { readonly atLeast: number }

export interface Figure {
  readonly name: string
  readonly unit: string
  /** One per repetition. Empty: nothing was measured, and the note says why, or what others have published. */
  readonly samples: readonly number[]
  readonly reach?: Reach
  /** A note that a reader needs to understand the figure. */
  readonly note?: string
}

/** A section of the benchmark, which is one file of this folder. */
export interface Measurement {
  readonly title: string
  measure(context: BenchContext): Promise<readonly Figure[]>
}

export interface BenchContext {
  /** The checkout, which is the example project too. */
  readonly checkout: string
  /** A detections repository, or null: the example project alone. */
  readonly corpus: string | null
  /** The cache of this run: workers start from snapshots, as those of a daemon do. */
  readonly snapshotCache: string
  readonly quick: boolean
  /** Minutes of load for the flatness of memory, or null: a short load. */
  readonly soakMinutes: number | null
  /** Commands of programs that are measured beside this one; null: those on the PATH. */
  readonly peers: { readonly pat: string | null; readonly alertmanager: string | null }
  readonly progress: (text: string) => void
}

/** If the spread is a greater share of the median, the samples depend more on the machine than on the program. */
const WIDE_SPREAD = 0.3

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly wide: boolean
  readonly reached: boolean | null
}

export function summarise({ samples, reach }: Figure): Summary {
  const median = quantile(samples, 0.5)
  const min = Math.min(...samples)
  const max = Math.max(...samples)
  const wide = samples.length > 1 && max - min > WIDE_SPREAD * Math.abs(median)
  return { median, min, max, wide, reached: reach ? isReached(median, reach) : null }
}

function isReached(median: number, reach: Reach): boolean {
  return 'atMost' in reach ? median <= reach.atMost : median >= reach.atLeast
}

/** The quantile, with linear interpolation between neighbours. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = q * (sorted.length - 1)
  const below = sorted[Math.floor(at)]!
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at))
}

/** Least squares: units of y per unit of x. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const meanOf = (pick: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const [meanX, meanY] = [meanOf(({ x }) => x), meanOf(({ y }) => y)]
  const covariance = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0)
  const variance = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  return covariance / variance
}
