// A dashboard that runs with an invented market, and a browser that looks at it.
//
// The binary is BROWSER_BINARY, the packages are in BROWSER_TOOLS, screenshots go to BROWSER_SCREENSHOTS.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const required = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run scripts/test browser`);
  return value;
};

const tools = createRequire(`${required("BROWSER_TOOLS")}/`);
const { chromium } = tools("playwright-core");
export const axeSource = tools("axe-core").source;
export const screenshots = required("BROWSER_SCREENSHOTS");
mkdirSync(screenshots, { recursive: true });

// The longest that the preview may take to begin; a debug build needs about a second.
const START_MS_MAX = 60_000;
const LINKS = 8;

const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const PAGES = [
  ["/", 4],
  ["/stacking", 9],
  ["/delinquency", 8],
  ["/vintages", 4],
  ["/concentration", 3],
  ["/quality", 1],
  ["/conduct", 3],
  ["/definitions", 0],
];

// Starts the preview; resolves with its origin and unspent links.
export async function startDashboard() {
  const process_ = spawn(required("BROWSER_BINARY"), ["web", "preview", "--port", "0", "--links", String(LINKS)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const guard = setTimeout(() => process_.kill("SIGKILL"), START_MS_MAX);
  const links = [];
  for await (const line of createInterface({ input: process_.stdout })) {
    const found = line.trim();
    if (found.startsWith("http://")) links.push(found);
    if (links.length === LINKS) break;
  }
  clearTimeout(guard);
  if (links.length !== LINKS) throw new Error("the preview did not start");
  const stop = () =>
    new Promise((resolve) => {
      process_.once("exit", resolve);
      process_.kill("SIGTERM");
    });
  return { origin: new URL(links[0]).origin, links, stop };
}

export function startBrowser() {
  const executablePath = process.env.BROWSER_CHROMIUM || EXECUTABLES.find((path) => existsSync(path));
  if (!executablePath) throw new Error("there is no Chromium here: run scripts/test browser");
  // Root cannot use Chromium's sandbox; nothing but our own pages is opened.
  return chromium.launch({ executablePath, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
}

// A page that remembers whatever went wrong on it.
export async function watchedPage(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const trouble = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) trouble.push(`left the host: ${request.url()}`);
  });
  page.on("requestfailed", (request) => trouble.push(`failed: ${request.url()}`));
  return { context, page, trouble };
}

export async function logIn(page, link) {
  await page.goto(link);
  await page.getByRole("button").click();
  await page.waitForURL((url) => url.pathname === "/");
}

// The serious findings of axe on a page, in short.
export async function findings(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() => globalThis.axe.run(document));
  if (result.passes.length < 10) throw new Error("axe-core looked at next to nothing");
  return result.violations
    .filter((violation) => ["serious", "critical"].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

// Lines of a file of RFC 4180 that quotes nothing.
export const csvLines = (text) => text.trimEnd().split("\r\n").map((line) => line.split(","));
