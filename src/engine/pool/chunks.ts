/** Splits a batch into pieces that several workers share. Pure. */

interface ChunkLimits {
  readonly workers: number
  readonly maxItems: number
  readonly maxChars: number
}

/** In order; a piece holds at most what the limits say, but always one item. */
export function chunks<T>(items: readonly T[], sizeOf: (item: T) => number, limits: ChunkLimits): T[][] {
  const fairShare = Math.ceil(items.length / limits.workers)
  const most = Math.min(limits.maxItems, Math.max(1, fairShare))
  const pieces: T[][] = []
  let chars = 0
  for (const item of items) {
    const piece = pieces.at(-1)
    chars += sizeOf(item)
    if (piece && piece.length < most && chars <= limits.maxChars) piece.push(item)
    else {
      pieces.push([item])
      chars = sizeOf(item)
    }
  }
  return pieces
}
