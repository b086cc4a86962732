import { expect, look, ready, test } from "../fixtures.js";
import { invite, joinedRooms, person, room } from "../world.js";

/** Signs in, whatever the page calls that. */
async function signIn(page, who, to) {
  await page.open(`/sign-in?to=${encodeURIComponent(to)}`);
  await page.locator("input[name=user]").fill(who.username);
  await page.locator("input[name=password]").fill(who.password);
  await page.locator("main button[type=submit]").click();
  await expect(page).toHaveURL(to);
}

/** Chooses a language in the foot of the page, and waits for the page in that. */
async function choose(page, name, tag) {
  const foot = page.getByRole("contentinfo");
  await foot.locator("summary").click();
  await foot.getByRole("link", { name, exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", tag);
  await ready(page);
}

const headline = (page) => page.getByRole("heading", { level: 1 });

test.describe("to a browser that asks for German", () => {
  test.use({ locale: "de-DE" });

  test("an invite is in German from its link to its end", async ({ page }) => {
    const [anna, ben] = [await person("Anna", "Anna Ahlgren"), await person("Ben", "Ben Bakker")];
    const rooms = [await room(anna, "General"), await room(anna, "Seeds")];
    const code = await invite(anna, rooms);
    const answer = await page.open(`/i/${code}`);
    expect(answer.headers()["content-language"]).toBe("de");
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await expect(page.locator("html")).toHaveAttribute("dir", "ltr");
    await expect(headline(page)).toContainText("Anna Ahlgren");
    await expect(page.getByText("2 Räume").first()).toBeVisible();
    await look(page, "landing-german");

    await page.open("/sign-in");
    await expect(headline(page)).toHaveText("Anmelden");
    await page.getByLabel("Benutzername").fill(ben.username);
    await page.getByLabel("Passwort").fill("ein falsches");
    await page.getByRole("button", { name: "Anmelden", exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("Benutzername oder Passwort ist falsch.");
    await signIn(page, ben, `/i/${code}`);
    await page.getByRole("button", { name: /2 Räume/ }).click();
    await expect(headline(page)).toContainText("Ben");
    await expect(page.locator(".door.joined")).toHaveCount(2);
    expect(await joinedRooms(ben)).toEqual(expect.arrayContaining(rooms));
    await ready(page);
    await look(page, "joined-german");
  });

  test("the list is in German, and so is what is said of a room’s invites", async ({ page }) => {
    const anna = await person("Anna");
    const code = await invite(anna, [await room(anna, "Kitchen")]);
    await signIn(page, anna, "/invites");
    await expect(headline(page)).toHaveText("Meine Einladungen");
    await expect(page.getByRole("link", { name: "Kitchen", exact: true })).toHaveAttribute("href", new RegExp(`/invites/${code}$`));
    await look(page, "invites-german");
    await page.open("/my-rooms");
    await expect(headline(page)).toHaveText("Räume, die du verwaltest");
    await expect(page.getByText("1 Einladung", { exact: true })).toBeVisible();
    await look(page, "my-rooms-german");
    // A page is changed without being loaded anew, where there are scripts.
    await page.getByLabel("Konto", { exact: true }).click();
    await page.getByRole("link", { name: "Meine Einladungen" }).last().click();
    await expect(headline(page)).toHaveText("Meine Einladungen");
    await page.getByLabel("Konto", { exact: true }).click();
    await page.getByRole("button", { name: "Abmelden" }).click();
    await expect(page.getByRole("link", { name: "Anmelden", exact: true })).toBeVisible();
  });

  test("another language is chosen in the foot, and stays on every page", async ({ page }) => {
    await page.open("/sign-in?to=%2Fnew");
    await choose(page, "Français", "fr");
    await expect(headline(page)).toHaveText("Se connecter");
    // On the same page, whose address is as it was.
    await expect(page).toHaveURL("/sign-in?to=%2Fnew");
    await page.open("/join");
    await expect(headline(page)).toHaveText("Saisir un code");
    await choose(page, "English", "en");
    await expect(headline(page)).toHaveText("Enter a code");
    await choose(page, "العربية", "ar");
    await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
    await page.open("/");
    await expect(page.locator("html")).toHaveAttribute("lang", "ar");
  });

  test("what the program says is what the server has said", async ({ page, browser }, { project }) => {
    test.skip(!page.scripted, "there is no program");
    const anna = await person("Anna", "Anna Ahlgren");
    const code = await invite(anna, [await room(anna, "General")], { create_dm: true });
    const { viewport, isMobile, hasTouch, deviceScaleFactor } = project.use;
    const device = { viewport, isMobile, hasTouch, deviceScaleFactor, reducedMotion: "reduce" };
    const context = await browser.newContext({ ...device, baseURL: process.env.SERVICE_URL, locale: "de-DE", javaScriptEnabled: false });
    const plain = await context.newPage();
    const said = (of) => of.locator("header, [role=contentinfo], main h1, main h2, main label, main a.btn").allInnerTexts();
    for (const path of ["/", "/sign-in", "/join", `/i/${code}`, "/nowhere"]) {
      await plain.goto(path);
      const words = await said(plain);
      expect(words.length, path).toBeGreaterThan(3);
      await page.open(path);
      expect(await said(page), path).toEqual(words);
    }
    await context.close();
  });
});

test.describe("to a browser that asks for Arabic", () => {
  test.use({ locale: "ar" });

  test("an invite reads from right to left", async ({ page }) => {
    const anna = await person("Anna", "Anna Ahlgren");
    const rooms = [await room(anna, "General"), await room(anna, "Seeds"), await room(anna, "Market")];
    const code = await invite(anna, rooms, { create_dm: true, welcome: "Boots on! (We start at ten.)" });
    await page.open(`/i/${code}`);
    await expect(page.locator("html")).toHaveAttribute("lang", "ar");
    await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
    await expect(headline(page)).toContainText("Anna Ahlgren");
    await expect(page.getByText(anna.id)).toBeVisible();
    // The way to sign in stands on the left of the head, where reading ends.
    const way = await page.getByRole("banner").getByRole("link", { name: "تسجيل الدخول" }).boundingBox();
    expect(way.x + way.width / 2).toBeLessThan(page.viewportSize().width / 2);
    await look(page, "landing-arabic");
    for (const width of [320, 390, 900]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), `${width} pixels`).toBeLessThanOrEqual(width);
    }
  });

  test("the list reads from right to left", async ({ page }) => {
    const anna = await person("Anna");
    await invite(anna, [await room(anna, "Kitchen")], { label: "Summer (2030)", max_uses: 25 });
    await signIn(page, anna, "/invites");
    await expect(headline(page)).toHaveText("دعواتي");
    await expect(page.getByRole("link", { name: "Summer (2030)", exact: true })).toBeVisible();
    await look(page, "invites-arabic");
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});
