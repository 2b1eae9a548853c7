/** The package index: which files there are of a package, and the files themselves, their hashes checked. */
import { createHash } from 'node:crypto'
import { basicAuth } from '../core/basic-auth.ts'
import { messageOf, UserError } from '../errors.ts'
import { linksOf } from './html-links.ts'

export interface IndexFile {
  readonly file: string
  readonly url: string
  /** The hexadecimal hash; null: the index provides none, and the file cannot be installed. */
  readonly sha256: string | null
  readonly isYanked: boolean
  readonly requiresPython: string | null
}

export interface PackageIndex {
  /** @param name normalised. */
  files(name: string): Promise<IndexFile[]>
  download(file: IndexFile): Promise<Uint8Array>
}

const REQUEST_TIMEOUT_MS = 60_000
const MAX_DOWNLOAD_BYTES = 256 * 1024 * 1024
const ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1'

/** @param address of a simple index (PEP 503 or 691); credentials in it go into a header. */
export function openIndex(address: string): PackageIndex {
  const base = URL.parse(address.endsWith('/') ? address : `${address}/`)
  if (!base || !['http:', 'https:'].includes(base.protocol)) {
    throw new UserError('the URL of the package index must begin with https:// or http://', {
      code: 'invalid-package-index',
    })
  }
  const { username, password } = base
  const authorization = username
    ? { authorization: basicAuth(decodeURIComponent(username), decodeURIComponent(password)) }
    : {}
  base.username = ''
  base.password = ''

  /** Credentials go to the index's own host alone. */
  const get = async (url: URL, accept: string) => {
    const headers = { accept, ...(url.host === base.host ? authorization : {}) }
    try {
      return await fetch(url, { headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
    } catch (cause) {
      throw new UserError(`cannot reach the package index ${url.host}: ${reasonOf(cause)}`, {
        code: 'package-index-unreachable',
        cause,
      })
    }
  }

  return {
    async files(name) {
      const page = new URL(`${name}/`, base)
      const response = await get(page, ACCEPT)
      if (response.status === 404)
        throw new UserError(`package "${name}" not found in the package index ${base.host}`, {
          code: 'unknown-package',
        })
      const text = await bodyOf(response, page)
      const isJson = response.headers.get('content-type')?.includes('json') ?? false
      return isJson ? filesOfJson(text, response.url) : filesOfHtml(text, response.url)
    },
    async download(file) {
      if (file.sha256 === null) {
        throw new UserError(`the package index provides no sha256 for ${file.file}; refusing to install it`, {
          code: 'missing-sha256',
        })
      }
      const url = new URL(file.url)
      const bytes = await bytesOf(await get(url, '*/*'), url)
      const actual = sha256(bytes)
      if (actual === file.sha256) return bytes
      throw new UserError(`sha256 mismatch for ${file.file}: expected ${file.sha256}, got ${actual}`, {
        code: 'sha256-mismatch',
        hint: 'check for a proxy or mirror that modifies files; nothing was installed',
      })
    },
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error ? cause.cause : undefined
  return inner instanceof Error && inner.message ? inner.message : messageOf(cause)
}

async function bodyOf(response: Response, url: URL): Promise<string> {
  return Buffer.from(await bytesOf(response, url)).toString('utf8')
}

async function bytesOf(response: Response, url: URL): Promise<Uint8Array> {
  if (!response.ok)
    throw new UserError(`the package index ${url.host} returned ${response.status} for ${url.pathname}`, {
      code: 'package-index-response',
    })
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > MAX_DOWNLOAD_BYTES)
      throw new UserError(
        `${url.host}${url.pathname} exceeds the download limit of ${MAX_DOWNLOAD_BYTES / 1024 / 1024} MiB`,
        { code: 'package-limit' },
      )
    parts.push(part)
  }
  return Buffer.concat(parts)
}

interface JsonFile {
  readonly filename?: unknown
  readonly url?: unknown
  readonly hashes?: { readonly sha256?: unknown }
  readonly yanked?: unknown
  readonly 'requires-python'?: unknown
}

function filesOfJson(text: string, page: string): IndexFile[] {
  let files: unknown
  try {
    files = (JSON.parse(text) as { files?: unknown }).files
  } catch (cause) {
    throw new UserError('the package index returned invalid JSON', { code: 'package-index-response', cause })
  }
  if (!Array.isArray(files))
    throw new UserError('the package index returned no list of files', { code: 'package-index-response' })
  return (files as JsonFile[]).flatMap(({ filename, url, hashes, yanked, 'requires-python': python }) => {
    if (typeof filename !== 'string' || typeof url !== 'string') return []
    return [
      {
        file: filename,
        url: new URL(url, page).href,
        sha256: typeof hashes?.sha256 === 'string' ? hashes.sha256 : null,
        isYanked: Boolean(yanked),
        requiresPython: typeof python === 'string' && python !== '' ? python : null,
      },
    ]
  })
}

function filesOfHtml(text: string, page: string): IndexFile[] {
  return linksOf(text).flatMap(({ attributes, text: name }) => {
    const url = URL.parse(attributes.get('href') ?? '', page)
    if (!url) return []
    const { hash } = url
    url.hash = ''
    return [
      {
        file: name,
        url: url.href,
        sha256: /^#sha256=([0-9a-f]{64})$/.exec(hash)?.[1] ?? null,
        isYanked: attributes.has('data-yanked'),
        requiresPython: attributes.get('data-requires-python') || null,
      },
    ]
  })
}
