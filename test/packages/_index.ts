/** A package index on loopback: a test decides what it offers and answers, and reads its requests. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Offer {
  readonly bytes?: Uint8Array
  /** Replaces the correct hash; null: the index gives none. */
  readonly sha256?: string | null
  readonly yanked?: boolean
  readonly requiresPython?: string
}

/** File name -> what is offered. Changed at will between requests. */
export type Offers = Record<string, Offer>

export interface LoopbackIndex {
  readonly url: string
  readonly asked: string[]
  readonly authorizations: (string | undefined)[]
}

export async function packageIndex(offers: Offers, form: 'json' | 'html' = 'json'): Promise<LoopbackIndex> {
  const asked: string[] = []
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    authorizations.push(request.headers.authorization)
    const [, folder, name] = request.url!.split('/')
    if (folder === 'files') return void response.end(offers[name!]!.bytes ?? '')
    const files = Object.entries(offers).filter(([file]) => normal(file.split('-')[0]!) === name)
    if (files.length === 0) return void response.writeHead(404).end()
    const type = form === 'json' ? 'application/vnd.pypi.simple.v1+json' : 'text/html'
    response.writeHead(200, { 'content-type': type })
    response.end(form === 'json' ? asJson(files) : asHtml(files))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    asked,
    authorizations,
  }
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

function hashOf({ bytes = new Uint8Array(), sha256 }: Offer): string | null {
  return sha256 === undefined ? createHash('sha256').update(bytes).digest('hex') : sha256
}

function asJson(files: [string, Offer][]): string {
  return JSON.stringify({
    files: files.map(([filename, offer]) => ({
      filename,
      url: `/files/${filename}`,
      hashes: hashOf(offer) === null ? {} : { sha256: hashOf(offer) },
      yanked: offer.yanked ?? false,
      'requires-python': offer.requiresPython ?? null,
    })),
  })
}

function asHtml(files: [string, Offer][]): string {
  return files
    .map(([filename, offer]) => {
      const hash = hashOf(offer) === null ? '' : `#sha256=${hashOf(offer)}`
      const python = offer.requiresPython
        ? ` data-requires-python="${offer.requiresPython.replaceAll('>', '&gt;').replaceAll('<', '&lt;')}"`
        : ''
      return `<a href="/files/${filename}${hash}"${python}${offer.yanked ? ' data-yanked=""' : ''}>${filename}</a><br>`
    })
    .join('\n')
}
