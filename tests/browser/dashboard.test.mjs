// The dashboard in a real browser: charts, login, language, theme, downloads, keyboard, phone, accessibility.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { csvLines, findings, logIn, PAGES, screenshots, startBrowser, startDashboard, watchedPage } from "./stand.mjs";

let dashboard;
let browser;

before(async () => {
  dashboard = await startDashboard();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await dashboard?.stop();
});

const takeLink = () => dashboard.links.pop();

async function loggedIn(options) {
  const watched = await watchedPage(browser, dashboard.origin, options);
  await logIn(watched.page, takeLink());
  return watched;
}

const open = (page, path) => page.goto(`${dashboard.origin}${path}`);
const named = (path) => (path === "/" ? "market" : path.slice(1));
const shoot = (page, name) => page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });

test("every page renders its charts with data, and nothing goes wrong on it", async () => {
  const { page, trouble } = await loggedIn();
  for (const [path, charts] of PAGES) {
    const response = await open(page, path);
    assert.equal(response.status(), 200, path);
    const drawn = await page.evaluate(() =>
      [...document.querySelectorAll("svg.chart")].map((svg) => ({
        name: svg.querySelector("title").textContent,
        words: svg.querySelector("desc").textContent,
        marks: svg.querySelectorAll("rect > title, path > title").length,
        titles: svg.querySelectorAll("text.title").length,
        ticks: svg.querySelectorAll("text.tick").length,
        width: svg.getBoundingClientRect().width,
        outside: [...svg.querySelectorAll("text")].filter((text) => {
          const [box, all] = [text.getBoundingClientRect(), svg.getBoundingClientRect()];
          return box.left < all.left - 1 || box.right > all.right + 1 || box.bottom > all.bottom + 1 || box.top < all.top - 1;
        }).map((text) => text.textContent),
      })),
    );
    assert.equal(drawn.length, charts, path);
    for (const chart of drawn) {
      assert.ok(chart.marks > 1 && chart.ticks > 3 && chart.titles > 1 && chart.width > 500, JSON.stringify(chart));
      assert.ok(chart.name.length > 3 && chart.words.length > 20, JSON.stringify(chart));
      assert.deepEqual(chart.outside, [], `${path}: ${chart.name}`);
    }
    await shoot(page, named(path));
  }
  assert.deepEqual(trouble, []);
});

test("hidden cells are hatched in charts and tables", async () => {
  const { page } = await loggedIn();
  await open(page, "/stacking");
  const hatched = page.locator("#regions svg rect.hidden");
  assert.ok((await hatched.count()) > 1);
  const fill = await hatched.first().evaluate((rect) => getComputedStyle(rect).fill);
  assert.match(fill, /url\("#regions-chart-hatch"\)/);
  await page.locator("#regions summary").click();
  const cell = page.locator("#regions td.hidden").first();
  assert.equal(await cell.textContent(), "c");
  assert.match(await cell.evaluate((cell) => getComputedStyle(cell).backgroundImage), /repeating-linear-gradient/);
});

test("a login link works once, and nobody sees anything without one", async () => {
  const link = takeLink();
  const first = await watchedPage(browser, dashboard.origin);
  assert.equal((await open(first.page, "/")).status(), 401);
  assert.equal(await first.page.locator("svg.chart").count(), 0);
  await shoot(first.page, "refused");
  await first.page.goto(link);
  await shoot(first.page, "login");
  await logIn(first.page, link);
  assert.ok((await first.page.locator("svg.chart").count()) > 0);

  const second = await watchedPage(browser, dashboard.origin);
  await second.page.goto(link);
  await second.page.getByRole("button").click();
  await second.page.waitForLoadState();
  assert.match(await second.page.locator("main").innerText(), /opens nothing/);
  assert.equal((await open(second.page, "/")).status(), 401);

  await first.page.getByRole("button", { name: "Log out" }).click();
  await first.page.waitForLoadState();
  assert.equal((await open(first.page, "/")).status(), 401);
});

test("language and theme switch and are remembered", async () => {
  const { page, trouble } = await loggedIn({ colorScheme: "light", locale: "en-GB" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const lang = () => page.evaluate(() => document.documentElement.lang);
  assert.equal(await lang(), "en");
  const light = await ground();
  await page.getByRole("link", { name: "中文" }).click();
  await page.getByRole("link", { name: "深色" }).click();
  await open(page, "/delinquency");
  assert.equal(await lang(), "zh-Hans");
  assert.equal(await page.locator("h1").textContent(), "逾期");
  assert.notEqual(await ground(), light);
  await shoot(page, "delinquency-zh-dark");
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("link", { name: "Light" }).click();
  assert.deepEqual([await lang(), await ground()], ["en", light]);
  assert.deepEqual(trouble, []);
});

test("a browser that prefers dark and Chinese is served so", async () => {
  const { page } = await loggedIn({ colorScheme: "dark", locale: "zh-CN" });
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-Hans");
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(18, 22, 27)");
});

test("each download holds what its table shows", async () => {
  const { page } = await loggedIn();
  // What is left of a figure without its point, its commas and its minus that is none of ASCII.
  const digits = (text) => text.replaceAll(/[.,]/g, "");
  let compared = 0;
  for (const [path] of PAGES.filter(([path]) => !["/quality", "/conduct", "/definitions"].includes(path))) {
    await open(page, path);
    const panels = await page.evaluate(() =>
      [...document.querySelectorAll("main section")].map((section) => ({
        id: section.id,
        href: section.querySelector("a[download]").getAttribute("href"),
        rows: [...section.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
      })),
    );
    for (const panel of panels) {
      const answer = await page.context().request.get(`${dashboard.origin}${panel.href}`);
      assert.equal(answer.status(), 200, panel.href);
      const [head, ...lines] = csvLines(await answer.text());
      assert.ok(head.includes("as_of"), panel.id);
      assert.equal(lines.length, panel.rows.length, `${path}#${panel.id}`);
      for (const [number, line] of lines.entries()) {
        const shown = panel.rows[number];
        const values = line.slice(line.length - shown.length);
        for (const [column, value] of values.entries()) {
          // Herfindahl's index is shown of ten thousand and downloaded in thousandths.
          const expected = head[line.length - shown.length + column] === "hhi" && value !== "c" ? `${value}0` : value;
          const normal = (text) => (text === "c" ? "c" : String(Number(digits(text))));
          assert.equal(normal(shown[column]), normal(expected), `${path}#${panel.id} ${line}`);
          compared += 1;
        }
      }
    }
  }
  assert.ok(compared > 1_000, String(compared));
});

test("the link below a chart downloads a file", async () => {
  const { page } = await loggedIn();
  await open(page, "/quality");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#league a[download]").click()]);
  assert.match(download.suggestedFilename(), /^quality-\d{4}-\d{2}\.csv$/);
});

test("the pages can be used by keyboard, on a phone and with a screen reader", async () => {
  const { page, trouble } = await loggedIn({ viewport: { width: 390, height: 844 } });
  await open(page, "/stacking");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  await page.locator("#policy summary").focus();
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("#policy table").isVisible());
  for (const [path] of PAGES) {
    for (const look of ["lang=en&theme=light", "lang=zh&theme=dark"]) {
      await open(page, `${path}?${look}`);
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= seen, `${path} is ${wide} wide on ${seen}`);
      await page.evaluate(() => document.querySelectorAll("details").forEach((part, number) => { part.open = number === 0; }));
      assert.deepEqual(await findings(page), [], `${path}?${look}`);
    }
    await shoot(page, `${named(path)}-phone`);
  }
  assert.deepEqual(trouble, []);
});
