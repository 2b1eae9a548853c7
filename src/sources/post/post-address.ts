/** Reads the address of a source that receives posts. Pure. */
import { UserError } from '../../errors.ts'
import type { SourceSpec } from '../_source.ts'

export interface PostAddress {
  readonly host: string
  readonly port: number
}

const TARGET = /^\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]]+):(\d{1,5})\/?$/

export function postAddressOf({ target, name }: SourceSpec, hint: string): PostAddress {
  const match = TARGET.exec(target)
  const port = Number(match?.[2])
  if (!match || port > 65_535)
    throw new UserError(`invalid address ${name}`, { code: 'invalid-source', hint })
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port }
}
