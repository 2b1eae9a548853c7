/** Reads the address of `--api`. Pure. */
import { UserError } from '../../errors.ts'

interface ApiAddress {
  readonly host: string
  readonly port: number
}

const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[^/:[\]]+):(\d{1,5})$/

export function apiAddressOf(text: string): ApiAddress {
  const match = ADDRESS.exec(text)
  const port = Number(match?.[2])
  if (match && port <= 65_535) return { host: match[1]!.replace(/^\[|\]$/g, ''), port }
  throw new UserError(`--api: "${text}" is no address`, {
    code: 'invalid-argument',
    hint: 'use for example --api 127.0.0.1:8081',
  })
}
