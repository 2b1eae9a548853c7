/** Writes an XML element with its attributes and children. Pure. */

/**
 * @param children texts that are already XML.
 * @param between the text that separates the children.
 */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly string[],
  between = '\n',
): string {
  const text = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value), true)}"`)
  if (children.length === 0) return `<${name}${text.join('')}/>`
  return `<${name}${text.join('')}>${between}${children.join(between)}${between}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 cannot represent most control characters and lone surrogates. They become U+FFFD. */
export function escapeXml(text: string, isAttribute = false): string {
  const safe = text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
  return isAttribute ? safe.replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`) : safe
}
