/** Makes visible what a reader of a page could not see: controls, and characters that change the direction of writing. Pure. */

/**
 * Controls but tab and line feed, noncharacters, half pairs, controls and marks of direction, and spaces without width.
 * Joiners stay, because scripts and emoji need them.
 */
const INVISIBLE =
  /(?![\t\n])\p{Cc}|\p{Cs}|\p{Noncharacter_Code_Point}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** Each of them is shown by its number, for example `[U+202E]`. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const number = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    return `[U+${number}]`
  })
}
