// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a reference as it is written
/** Checks the tokens and proxies of `api` in signalbox.yaml: names, networks, references to secrets, and ends. */
import { isNetwork } from '../../core/network-set.ts'
import { type ApiSettings, expiryOf } from '../../model/project/api-settings.ts'
import { isReference } from '../destinations/secret-references.ts'
import type { ProblemList } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'

interface Document {
  readonly source: SourceText
  readonly node: MappingNode
}

const DAY_MS = 86_400_000
const WARNED_BEFORE_MS = 14 * DAY_MS

export function checkApi(
  { tokens, identity }: ApiSettings,
  { source, node }: Document,
  now: number,
  problems: ProblemList,
): void {
  const at = (path: string) => nodeAt(node, `/api/${path}`).offset
  for (const [i, token] of tokens.entries()) {
    if (tokens.findIndex(({ name }) => name === token.name) < i) {
      problems.error(source, at(`tokens/${i}/name`), {
        code: 'duplicate-name',
        message: `two tokens are named "${token.name}"`,
        hint: 'give each token a name of its own, because the audit names it',
      })
    }
    if (token.secret !== undefined && !isReference(token.secret)) {
      problems.error(source, at(`tokens/${i}/secret`), {
        code: 'bad-reference',
        message: 'a token must not stand in the file',
        hint: 'write a reference such as ${env:NAME} or ${file:PATH}, or `hash` in the place of `secret`',
      })
    }
    warnOfEnd(token, now, (message, hint) =>
      problems.warning(source, at(`tokens/${i}/expires`), { code: 'token-ends', message, hint }),
    )
  }
  for (const [i, network] of (identity?.from ?? []).entries()) {
    if (isNetwork(network)) continue
    problems.error(source, at(`identity/from/${i}`), {
      code: 'bad-value',
      message: `"${network}" is not a network`,
      hint: 'write an address and a prefix, for example 127.0.0.1/32',
    })
  }
}

function warnOfEnd(
  token: ApiSettings['tokens'][number],
  now: number,
  warn: (message: string, hint: string) => void,
): void {
  const expiresAt = expiryOf(token)
  if (expiresAt === null) return
  const hint = 'create a new token with `signalbox token new`'
  // The form allows dates that do not exist, such as 2027-02-31.
  if (Number.isNaN(expiresAt))
    warn(`the end of the token "${token.name}" is not a date, so it is not valid`, hint)
  else if (expiresAt <= now) warn(`the token "${token.name}" has expired`, hint)
  else if (expiresAt - now <= WARNED_BEFORE_MS)
    warn(`the token "${token.name}" expires in ${Math.ceil((expiresAt - now) / DAY_MS)} days`, hint)
}
