import { accessible, expect, pictures, test } from "../fixtures.js";

for (const path of ["/", "/_synapse/client/super_invites/"]) {
  test(`${path} is there, with its style, and says that the homeserver is`, async ({ page, javaScriptEnabled }, info) => {
    const answer = await page.goto(path);
    expect(answer.status()).toBe(200);
    expect(await answer.text()).toContain("Connected to test");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const button = page.getByRole("button", { name: "Check again" });
    await expect(button).toHaveCSS("border-top-left-radius", "12px");
    await button.click();
    await expect(page.getByRole("status")).toHaveText("Connected to test");
    if (javaScriptEnabled !== false) await accessible(page);
    if (path === "/") await pictures(page, "start", info);
  });
}

test("an address that leads nowhere is a friendly 404", async ({ page }, info) => {
  const answer = await page.goto("/nowhere");
  expect(answer.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing at this address." })).toBeVisible();
  await pictures(page, "not-found", info);
});
