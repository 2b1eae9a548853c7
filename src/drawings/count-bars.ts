/** Draws two counts as bars that can be compared with those of other rows. Pure. */

const WIDTH = 160
const BAR = 7

/**
 * @param before null: there is one count.
 * @param top the count that has the full width.
 */
export function drawCounts(before: number | null, after: number, top: number): string {
  const rows =
    before === null
      ? [['after', after] as const]
      : ([
          ['before', before],
          ['after', after],
        ] as const)
  const height = rows.length * (BAR + 1)
  const bars = rows.map(([kind, count], i) => {
    const width = count === 0 ? 0 : Math.max(1, Math.round((WIDTH * count) / Math.max(1, top)))
    return `<rect class="${kind}" x="0" y="${i * (BAR + 1)}" width="${width}" height="${BAR}"/>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" aria-hidden="true">${bars.join('')}</svg>`
}
