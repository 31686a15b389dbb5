# Keep a CSV table in step with a register's feed: results, corrections, withdrawals and erasures.
#
#   Rscript keep_in_step.R client.json folder
#
# client.json holds base_url, client_id and key: the register's private key as a JWK (EC, P-384). Needs jsonlite,
# httr2 and openssl (Debian: r-cran-jsonlite r-cran-httr2). Run it as often as you like: it goes on where it ended, and
# what broke off is done again.

library(jsonlite)
library(httr2)
library(openssl)

purpose <- "PDL-7:4"
columns <- c(
  "release", "response", "version", "subject", "unit", "instrument", "occasion", "completed_at", "side", "variable",
  "value", "text", "standard_error", "missing_reason", "method", "method_hash"
)

new_id <- function() {
  bytes <- as.integer(rand_bytes(16))
  bytes[7] <- bitwOr(bitwAnd(bytes[7], 0x0f), 0x40)
  bytes[9] <- bitwOr(bitwAnd(bytes[9], 0x3f), 0x80)
  hex <- sprintf("%02x", bytes)
  paste(sapply(list(1:4, 5:6, 7:8, 9:10, 11:16), function(at) paste(hex[at], collapse = "")), collapse = "-")
}

base64url <- function(bytes) gsub("=+$", "", chartr("+/", "-_", gsub("\n", "", base64_encode(bytes), fixed = TRUE)))

from_base64url <- function(text) base64_decode(paste0(chartr("-_", "+/", text), strrep("=", -nchar(text) %% 4)))

# The key of a JWK as openssl reads it: an ECPrivateKey (RFC 5915) on P-384, which is its number and the curve's name.
private_key <- function(jwk) {
  before <- as.raw(c(0x30, 0x3e, 0x02, 0x01, 0x01, 0x04, 0x30))
  after <- as.raw(c(0xa0, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22))
  read_key(c(before, from_base64url(jwk$d), after), der = TRUE)
}

# A number of the signature, in 48 bytes.
in_48_bytes <- function(number) {
  bytes <- as.raw(number)
  c(raw(48), bytes)[length(bytes) + 1:48]
}

# The proof of who asks: a JWT signed with ES384 (RFC 7515, RFC 7518).
assertion <- function(client, url) {
  header <- list(alg = "ES384", typ = "JWT", kid = client$key$kid)
  claims <- list(
    iss = client$client_id, sub = client$client_id, aud = url, jti = new_id(), exp = floor(unclass(Sys.time())) + 60
  )
  parts <- lapply(list(header, claims), function(part) base64url(charToRaw(toJSON(part, auto_unbox = TRUE, digits = NA))))
  signed <- paste(parts, collapse = ".")
  numbers <- ecdsa_parse(signature_create(charToRaw(signed), sha384, private_key(client$key)))
  paste(signed, base64url(c(in_48_bytes(numbers$r), in_48_bytes(numbers$s))), sep = ".")
}

# A token for five minutes.
token <- function(client) {
  url <- paste0(client$base_url, "/api/v1/token")
  answer <- request(url) |>
    req_body_form(
      grant_type = "client_credentials",
      client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion = assertion(client, url)
    ) |>
    req_perform()
  resp_body_json(answer)$access_token
}

# The rows of one pull. The last one is the end; without it the stream broke off, and nothing of it counts.
rows_of_pull <- function(client, cursor) {
  asked <- request(paste0(client$base_url, "/api/v1/registers/me/results")) |>
    req_auth_bearer_token(token(client)) |>
    req_url_query(purpose = purpose, format = "ndjson", cursor = cursor)
  lines <- strsplit(resp_body_string(req_perform(asked)), "\n", fixed = TRUE)[[1]]
  rows <- lapply(lines, fromJSON)
  if (length(rows) == 0 || rows[[length(rows)]]$kind != "end") stop("The stream broke off. Run again.")
  rows
}

as_row <- function(row) {
  values <- lapply(columns, function(name) if (is.null(row[[name]])) NA else row[[name]])
  as.data.frame(setNames(values, columns))
}

# What the rows say, done to the table.
keep <- function(table, rows) {
  kinds <- vapply(rows, function(row) row$kind, "")
  told <- rows[kinds %in% c("result", "corrected")]
  if (length(told) > 0) table <- rbind(table, do.call(rbind, lapply(told, as_row)))
  # A release that was taken back never comes again, so the order within a pull does not matter.
  gone <- c(
    vapply(rows[kinds %in% c("withdrawn", "erasure")], function(row) row$release, ""),
    unlist(lapply(told, function(row) row$replaces))
  )
  table[!(table$release %in% gone), , drop = FALSE]
}

# Written beside and then put in place, so that no half table is ever there.
write_state <- function(folder, state) {
  file <- file.path(folder, "state.rds")
  saveRDS(state, paste0(file, ".new"))
  file.rename(paste0(file, ".new"), file)
  write.csv(state$table, file.path(folder, "results.csv"), row.names = FALSE, na = "")
}

confirm <- function(client, order, message) {
  request(paste0(client$base_url, "/api/v1/registers/me/messages")) |>
    req_auth_bearer_token(token(client)) |>
    req_body_json(list(id = message, kind = "erasure_confirmed", order = order)) |>
    req_perform()
}

keep_in_step <- function(client, folder) {
  file <- file.path(folder, "state.rds")
  state <- if (file.exists(file)) readRDS(file) else list(table = NULL, cursor = NULL, orders = list())
  if (is.null(state$table)) state$table <- as_row(list())[0, ]
  repeat {
    rows <- rows_of_pull(client, state$cursor)
    end <- rows[[length(rows)]]
    state$table <- keep(state$table, rows)
    for (row in rows) if (row$kind == "erasure" && is.null(state$orders[[row$order]])) state$orders[[row$order]] <- new_id()
    state$cursor <- end$next_cursor
    write_state(folder, state)
    if (!isTRUE(end$truncated)) break
  }
  for (order in names(state$orders)) {
    confirm(client, order, state$orders[[order]]) # sent again after a failure, it is taken once
    state$orders[[order]] <- NULL
    write_state(folder, state)
  }
}

given <- commandArgs(trailingOnly = TRUE)
if (length(given) == 2) keep_in_step(fromJSON(given[1]), given[2])
