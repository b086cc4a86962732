// People and rooms on the homeserver that scripts/test has started.
import { createHmac } from "node:crypto";

export const needed = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests with scripts/test`);
  return value;
};

const client = "/_matrix/client/v3";
const unique = (name) => `${name}-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;

async function ask(method, url, token, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const read = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${JSON.stringify(read)}`);
  return read;
}

const synapse = (method, path, token, body) => ask(method, needed("TEST_SYNAPSE_URL") + path, token, body);

/** Does something in somebody's name, past the homeserver's limits. */
function as(person, method, path, body = {}) {
  const separator = path.includes("?") ? "&" : "?";
  return synapse(method, `${client}${path}${separator}user_id=${encodeURIComponent(person.id)}`, needed("TEST_AS_TOKEN"), body);
}

/** Registers somebody (Synapse admin API, "Shared-Secret Registration"). */
export async function person(name, displayName = name, admin = false) {
  const path = "/_synapse/admin/v1/register";
  const { nonce } = await synapse("GET", path);
  const username = unique(name.toLowerCase());
  const password = `${username}'s password`;
  const mac = createHmac("sha1", needed("TEST_SYNAPSE_SECRET"))
    .update([nonce, username, password, admin ? "admin" : "notadmin"].join("\0"))
    .digest("hex");
  const body = { nonce, username, password, displayname: displayName, admin, mac };
  const { user_id: id, access_token: token } = await synapse("POST", path, null, body);
  return { id, token, username, password, name: displayName };
}

/** Makes the application service's own user a server admin, as `super-invites check` advises. */
export async function promoteSender() {
  const admin = await person("admin", "Admin", true);
  const sender = { type: "m.login.application_service", username: "super-invites", inhibit_login: true };
  // It may be there already.
  await synapse("POST", `${client}/register`, needed("TEST_AS_TOKEN"), sender).catch(() => {});
  await synapse("PUT", "/_synapse/admin/v1/users/@super-invites:test/admin", admin.token, { admin: true });
}

/** What others call somebody. */
export const setName = (who, displayname) =>
  as(who, "PUT", `/profile/${encodeURIComponent(who.id)}/displayname`, { displayname });

export async function room(creator, name, more = {}) {
  return (await as(creator, "POST", "/createRoom", { preset: "private_chat", name, ...more })).room_id;
}

// 64 by 64 pixels.
const picture =
  "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsAthWCMaywi+hcEKLNP1WgQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgt8f0E8JVKhTQAAAABJRU5ErkJggg==";

/** Gives a room a picture. */
export async function setPicture(who, roomId) {
  const url = `${needed("TEST_SYNAPSE_URL")}/_matrix/media/v3/upload`;
  const headers = { "Content-Type": "image/png", Authorization: `Bearer ${who.token}` };
  const answer = await fetch(url, { method: "POST", headers, body: Buffer.from(picture, "base64") });
  const { content_uri: address } = await answer.json();
  await as(who, "PUT", `/rooms/${encodeURIComponent(roomId)}/state/m.room.avatar/`, { url: address });
}

export async function space(creator, name, rooms) {
  const made = await room(creator, name, { creation_content: { type: "m.space" } });
  for (const child of rooms) {
    await as(creator, "PUT", `/rooms/${encodeURIComponent(made)}/state/m.space.child/${encodeURIComponent(child)}`, { via: ["test"] });
  }
  return made;
}

/** `invite`, `kick`, `ban` or `unban`. */
export const membership = (actor, roomId, action, target) =>
  as(actor, "POST", `/rooms/${encodeURIComponent(roomId)}/${action}`, { user_id: target.id });

export const join = (who, roomId) => as(who, "POST", `/join/${encodeURIComponent(roomId)}`);

/** What somebody's own client shows. */
export const joinedRooms = async (who) => (await synapse("GET", `${client}/joined_rooms`, who.token)).joined_rooms;

/** The rooms of somebody whose token nobody here knows. */
export const roomsOf = async (id) => (await as({ id }, "GET", "/joined_rooms", null)).joined_rooms;

/** Ends all sessions of somebody, those in browsers as well. */
export const signOutEverywhere = (who) => synapse("POST", `${client}/logout/all`, who.token, {});

/** How many sessions somebody has. */
export const sessions = async (who) => (await synapse("GET", `${client}/devices`, who.token)).devices.length;

/** Makes an invite as a client does. */
export async function invite(owner, rooms, more = {}) {
  const url = `${process.env.SERVICE_URL}/_synapse/client/super_invites/tokens`;
  const { token } = await ask("POST", url, owner.token, { rooms, create_dm: false, ...more });
  return token.token;
}

/** What the JSON API says of somebody's invite. */
export async function token(owner, code) {
  const url = `${process.env.SERVICE_URL}/_synapse/client/super_invites/tokens?token=${code}`;
  return (await ask("GET", url, owner.token)).token;
}

/** Redeems an invite as a client does. */
export const redeem = (who, code) =>
  ask("POST", `${process.env.SERVICE_URL}/_synapse/client/super_invites/redeem?token=${code}`, who.token, {});

export const deleteInvite = (owner, code) =>
  ask("DELETE", `${process.env.SERVICE_URL}/_synapse/client/super_invites/tokens?token=${code}`, owner.token);

/** Tells what stands between the service and the homeserver to hold or to refuse what matches, or nothing any more. */
export const between = (what, match = "") =>
  fetch(`${process.env.BETWEEN_URL}/_test/${what}?match=${encodeURIComponent(match)}`, { method: "POST" });
