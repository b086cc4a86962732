// The pages below a path of a host that belongs to somebody else.
import { expect, ready, test } from "../fixtures.js";
import { below } from "../service.js";
import { joinedRooms, person, room } from "../world.js";

let site;
test.beforeAll(async () => {
  site = await below("/our/invites");
});
test.afterAll(() => site.stop());

async function fillIn(page, who) {
  await page.getByLabel("User name").fill(who.username);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("below a path, from the first page into all rooms, nothing else is asked for", async ({ page }) => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const [anna, ben] = [await person("Anna"), await person("Ben", "Ben Bakker")];
  const rooms = [await room(anna, "Kitchen"), await room(anna, "Garden")];

  await page.open(`${site.url}/`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  // It has its style.
  const begin = page.getByRole("link", { name: "Sign in to create an invite" });
  await expect(begin).toHaveCSS("border-top-left-radius", "12px");
  await begin.click();
  await expect(page).toHaveURL(`${site.url}/sign-in`);
  await ready(page);
  await fillIn(page, anna);
  await expect(page).toHaveURL(`${site.url}/invites`);
  await ready(page);
  await page.getByRole("link", { name: "Create invite" }).click();
  for (const name of ["Kitchen", "Garden"]) await page.getByRole("checkbox", { name }).check();
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  const code = new URL(page.url()).pathname.split("/").pop();
  const link = `${site.url}/i/${code}`;
  const picture = page.locator("img[src$='/qr.svg']").first();
  await expect(picture).toHaveJSProperty("complete", true);
  expect(await picture.evaluate((image) => [image.naturalWidth > 0, image.src])).toEqual([true, `${site.url}/invites/${code}/qr.svg`]);
  await page.getByLabel("Account", { exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();

  await page.open(link);
  // What chats show beside the link.
  const preview = await page.locator("meta[property='og:image']").getAttribute("content");
  expect(preview).toBe(`${link}/preview.png`);
  const drawn = await page.request.get(preview);
  expect([drawn.status(), drawn.headers()["content-type"]]).toEqual([200, "image/png"]);
  await page.getByRole("link", { name: "Sign in to join" }).click();
  await ready(page);
  await fillIn(page, ben);
  await expect(page).toHaveURL(link);
  await ready(page);
  await page.getByRole("button", { name: "Join 2 rooms" }).click();
  await expect(page.getByRole("heading", { name: "You’re in, Ben" })).toBeVisible();
  expect(await joinedRooms(ben)).toEqual(expect.arrayContaining(rooms));

  expect(asked.some((url) => url.startsWith(`${site.url}/_assets/pkg/`))).toBe(true);
  expect(asked.filter((url) => !url.startsWith(`${site.url}/`) && !url.startsWith("data:"))).toEqual([]);
  expect(site.elsewhere).toEqual([]);
});
