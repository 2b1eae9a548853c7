/** Reads the links of an HTML page, as package indexes serve them (PEP 503). */

interface Link {
  /** The names are in lower case. */
  readonly attributes: ReadonlyMap<string, string>
  readonly text: string
}

/** One comment, or one tag. A quoted value may contain `>`. The lengths are limited, so that broken markup costs little. */
const MARKUP =
  /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-z][^\s/<>]{0,63})((?:[^<>"']|"[^"]{0,4096}"|'[^']{0,4096}'){0,4096})>/gi
const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?/g
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['apos', "'"],
  ['gt', '>'],
  ['lt', '<'],
  ['quot', '"'],
])

/** Returns the links in their order. A link without an end tag ends where the next one begins. */
export function linksOf(html: string): Link[] {
  const links: Link[] = []
  let open: { attributes: ReadonlyMap<string, string>; text: string } | null = null
  let at = 0
  const close = () => {
    if (open) links.push({ attributes: open.attributes, text: decode(open.text).trim() })
    open = null
  }
  for (const { 0: markup, 1: slash, 2: tag, 3: attributes = '', index } of html.matchAll(MARKUP)) {
    if (open) open.text += html.slice(at, index)
    at = index + markup.length
    if (tag?.toLowerCase() !== 'a') continue
    close()
    if (!slash) open = { attributes: attributesOf(attributes), text: '' }
  }
  close()
  return links
}

/** The first attribute of a name is the one that holds. */
function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, name, double, single, bare] of text.matchAll(ATTRIBUTE)) {
    const key = name!.toLowerCase()
    if (!attributes.has(key)) attributes.set(key, decode(double ?? single ?? bare ?? ''))
  }
  return attributes
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(name) ?? all
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : all
  })
}
