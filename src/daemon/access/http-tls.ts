/** Reads the files of `--http-tls-cert`, `--http-tls-key` and `--http-client-ca`. A reload reads them again. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { messageOf, UserError } from '../../errors.ts'
import type { ServerTls } from '../../server/server.ts'

export interface HttpTlsFiles {
  readonly certificate?: string
  readonly key?: string
  readonly clientCa?: string
}

/** Null without files. Rejects with a UserError that names the option whose file cannot be used. */
export function readServerTls({ certificate, key, clientCa }: HttpTlsFiles): ServerTls | null {
  if (certificate === undefined && key === undefined && clientCa === undefined) return null
  if (certificate === undefined || key === undefined) {
    const [given, missing] = [
      certificate !== undefined
        ? '--http-tls-cert'
        : key !== undefined
          ? '--http-tls-key'
          : '--http-client-ca',
      certificate === undefined ? '--http-tls-cert' : '--http-tls-key',
    ]
    throw unusable(`${given} needs ${missing}`, `add ${missing} FILE`)
  }
  const cert = readPem('--http-tls-cert', certificate)
  const leaf = parsed('--http-tls-cert', certificate, 'holds no certificate', () => new X509Certificate(cert))
  const keyText = readPem('--http-tls-key', key)
  const ofKey = 'holds no private key without a password'
  const privateKey = parsed('--http-tls-key', key, ofKey, () => createPrivateKey(keyText))
  if (!leaf.checkPrivateKey(privateKey))
    throw unusable(
      `--http-tls-key: ${key} is not the key of the first certificate in ${certificate}`,
      'name the key with which the certificate was requested',
    )
  const ca = clientCa === undefined ? null : readPem('--http-client-ca', clientCa)
  if (ca !== null)
    parsed('--http-client-ca', clientCa!, 'holds no certificate', () => new X509Certificate(ca))
  // The rest of the chain is checked here, too.
  parsed('--http-tls-cert', certificate, 'cannot be used', () => createSecureContext({ cert, key: keyText }))
  return { cert, key: keyText, clientCa: ca }
}

function readPem(option: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw unusable(
      `${option}: ${file} cannot be read: ${messageOf(cause)}`,
      'correct the path or its permissions',
      cause,
    )
  }
}

function parsed<T>(option: string, file: string, what: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw unusable(`${option}: ${file} ${what}`, 'name a PEM file', cause)
  }
}

function unusable(message: string, hint: string, cause?: unknown): UserError {
  return new UserError(message, { code: 'invalid-tls-file', hint, cause })
}
