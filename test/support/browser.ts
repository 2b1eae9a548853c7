/** Debian's Chromium, driven by playwright-core. One browser serves all tests of a file. */
import { type Browser, chromium, type Page } from 'playwright-core'

const PROGRAM = '/usr/bin/chromium'

export const WIDTHS = { wide: 1440, narrow: 360 } as const
export type Width = keyof typeof WIDTHS
export type Scheme = 'light' | 'dark'

export interface Look {
  readonly width?: Width
  readonly scheme?: Scheme
  readonly hasScript?: boolean
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

export interface Visit {
  readonly page: Page
  /** Messages of the console of the browser, and errors of the page. */
  readonly complaints: readonly string[]
  /** The addresses of all requests. */
  readonly requests: readonly string[]
  readonly close: () => Promise<void>
}

/** Opens a new visit with its own cookies. */
export async function visit(
  browser: Browser,
  { width = 'wide', scheme = 'light', hasScript = true }: Look = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: WIDTHS[width], height: 900 },
    colorScheme: scheme,
    javaScriptEnabled: hasScript,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => requests.push(request.url()))
  return { page, complaints, requests, close: () => context.close() }
}

export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${url}/alerts`)
}
