/** MAIN THREAD. Splits a batch into chunks that several workers share. Pure. */

interface ChunkLimits {
  readonly workers: number
  readonly maxItems: number
  readonly maxChars: number
}

/** Keeps the order. A chunk stays within the limits, but holds at least one item. */
export function splitIntoChunks<T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  limits: ChunkLimits,
): T[][] {
  const fairShare = Math.ceil(items.length / limits.workers)
  const maxItems = Math.min(limits.maxItems, Math.max(1, fairShare))
  const chunks: T[][] = []
  let chars = 0
  for (const item of items) {
    const chunk = chunks.at(-1)
    chars += sizeOf(item)
    if (chunk && chunk.length < maxItems && chars <= limits.maxChars) chunk.push(item)
    else {
      chunks.push([item])
      chars = sizeOf(item)
    }
  }
  return chunks
}
