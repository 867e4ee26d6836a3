// An ordinary telegraf bot: answers each message with its text, after some work.
import { Telegraf } from "telegraf";
import { message } from "telegraf/filters";
import { work } from "./behaviour.js";

const bot = new Telegraf(process.env.TELEGRAM_BOT_TOKEN, {
  telegram: { apiRoot: process.env.TELEGRAM_API_URL },
});
bot.on(message("text"), async (context) => context.reply(await work(context.message)));

process.once("SIGINT", () => bot.stop("SIGINT"));
process.once("SIGTERM", () => bot.stop("SIGTERM"));
bot.launch();
