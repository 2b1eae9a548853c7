/** The region of an AWS request, as Amazon's own library finds it, and the domain of its partition. */
import { PermanentError } from '../errors.ts'
import type { HttpRequest } from '../model/ports.ts'

/** The partitions whose domain is not `amazonaws.com`, by the beginning of their regions. */
const DOMAINS: readonly [beginning: string, domain: string][] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
]

/** Stands in a URL for a region that only the environment knows. It is no possible region. */
const REGION_OF_ENVIRONMENT = 'region-of-the-environment'
const PLACEHOLDER = new RegExp(`^https://([\\w.-]+)\\.${REGION_OF_ENVIRONMENT}\\.amazonaws\\.com/`)

/**
 * The URL of a service; `host` is what stands before the region in its name. Without a region it has a placeholder, which
 * `withRegion` replaces before the request is signed.
 */
export function serviceUrl(host: string, region: string | undefined): string {
  return `https://${host}.${regionalDomain(region ?? REGION_OF_ENVIRONMENT)}/`
}

/** Replaces the placeholder of `serviceUrl`. */
export function withRegion(request: HttpRequest, region: string): HttpRequest {
  const [beginning, host] = PLACEHOLDER.exec(request.url) ?? []
  if (beginning === undefined || host === undefined) return request
  return { ...request, url: serviceUrl(host, region) + request.url.slice(beginning.length) }
}

function regionalDomain(region: string): string {
  const domain = DOMAINS.find(([beginning]) => region.startsWith(beginning))?.[1] ?? 'amazonaws.com'
  return `${region}.${domain}`
}

/** Returns the region of the environment, else that of the profile. */
export async function environmentRegion(profile: string | undefined): Promise<string> {
  const { loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS, NODE_REGION_CONFIG_OPTIONS } = await import(
    '@smithy/core/config'
  )
  // Amazon's command line reads the second variable, its library for JavaScript the first alone.
  const options = {
    ...NODE_REGION_CONFIG_OPTIONS,
    environmentVariableSelector: (environment: Readonly<Record<string, string | undefined>>) =>
      environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined,
  }
  try {
    return await loadConfig(options, { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...(profile && { profile }) })()
  } catch (cause) {
    throw new PermanentError(
      'no AWS region: set the option region, the variable AWS_REGION, or region in the profile',
      { scope: 'destination', cause },
    )
  }
}
