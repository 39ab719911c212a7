#include "loadgen/envelope.h"

#include <fmt/format.h>

#include <algorithm>

#include "loadgen/text_input.h"
#include "parser/capabilities.h"

namespace smtpmark::loadgen {

namespace {

// Whether `extension` may be used.
bool has(const MailFacts& facts, parser::Capability extension) noexcept {
  return (facts.offer.capabilities & extension) != 0;
}

bool chunks(const MailFacts& facts) noexcept {
  return facts.chunking.use && has(facts, parser::kCapChunking);
}

bool needs_utf8(std::string_view reverse_path, const std::vector<std::string>& forward_paths,
                const MailFacts& facts) {
  if (!facts.parameters->utf8_addresses) return false;
  return !is_ascii(reverse_path) ||
         std::any_of(forward_paths.begin(), forward_paths.end(),
                     [](const std::string& path) { return !is_ascii(path); });
}

// Parameters of MAIL, each only where its extension is offered.
void append_mail_parameters(std::string& mail, std::string_view reverse_path,
                            const std::vector<std::string>& forward_paths, const MailFacts& facts) {
  if (has(facts, parser::kCapSize)) {  // RFC 1870, 4
    mail.append(" SIZE=").append(std::to_string(facts.size));
  }
  if (facts.chunking.binary && chunks(facts) && has(facts, parser::kCapBinaryMime)) {
    mail.append(" BODY=BINARYMIME");  // RFC 3030, 3
  } else if (facts.eight_bit && has(facts, parser::kCap8bitMime)) {
    mail.append(" BODY=8BITMIME");  // RFC 6152, 2
  }
  if (facts.parameters == nullptr) return;
  const ParameterPlan& plan = *facts.parameters;
  if (has(facts, parser::kCapSmtpUtf8) &&
      (plan.smtputf8 || needs_utf8(reverse_path, forward_paths, facts))) {
    mail.append(" SMTPUTF8");
  }
  if (has(facts, parser::kCapDsn)) {
    if (!plan.ret.empty()) mail.append(" RET=").append(plan.ret);
    if (!plan.envid.empty()) mail.append(" ENVID=").append(plan.envid);
  }
  if (plan.mt_priority && has(facts, parser::kCapMtPriority)) {
    mail.append(" MT-PRIORITY=").append(std::to_string(*plan.mt_priority));
  }
  if (plan.requiretls && has(facts, parser::kCapRequireTls)) mail.append(" REQUIRETLS");
}

// Those of RCPT (RFC 3461, 4.1 and 4.2).
void append_rcpt_parameters(std::string& rcpt, const std::string& forward_path,
                            const MailFacts& facts) {
  if (facts.parameters == nullptr || !has(facts, parser::kCapDsn)) return;
  const ParameterPlan& plan = *facts.parameters;
  if (!plan.notify.empty()) rcpt.append(" NOTIFY=").append(plan.notify);
  if (!plan.orcpt) return;
  if (is_ascii(forward_path)) {
    rcpt.append(" ORCPT=rfc822;").append(to_xtext(forward_path));
  } else {
    rcpt.append(" ORCPT=utf-8;").append(to_utf8_xtext(forward_path));
  }
}

}  // namespace

void Envelope::write(std::string_view reverse_path, const std::vector<std::string>& forward_paths,
                     const MailFacts& facts) {
  mail.assign("MAIL FROM:<").append(reverse_path).append(">");
  append_mail_parameters(mail, reverse_path, forward_paths, facts);
  mail.append("\r\n");
  group = mail;
  rcpt.resize(facts.offer.rcpt_max == 0
                  ? forward_paths.size()
                  : std::min<std::size_t>(forward_paths.size(), facts.offer.rcpt_max));
  for (std::size_t i = 0; i < rcpt.size(); ++i) {
    rcpt[i].assign("RCPT TO:<").append(forward_paths[i]).append(">");
    append_rcpt_parameters(rcpt[i], forward_paths[i], facts);
    rcpt[i].append("\r\n");
    group += rcpt[i];
  }
  if (!chunks(facts)) group += "DATA\r\n";
}

std::string to_xtext(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c < 0x7F && c != '+' && c != '=') {
      out += c;
    } else {
      out += fmt::format("+{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string to_utf8_xtext(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const bool plain = first > ' ' && first < 0x7F && first != '+' && first != '=' && first != '\\';
    const std::size_t octets = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint32_t point = octets == 1 ? first : first & (0x7FU >> octets);
    for (std::size_t i = 1; i < std::min(octets, text.size()); ++i) {
      point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    out += plain ? std::string(1, text.front()) : fmt::format("\\x{{{:02X}}}", point);
    text.remove_prefix(std::min(octets, text.size()));
  }
  return out;
}

std::string numbered_recipient(const std::string& recipient, std::uint32_t number) {
  if (number == 0) return recipient;
  const std::size_t at = recipient.rfind('@');
  const std::string tag = "+" + std::to_string(number + 1);
  return at == std::string::npos ? recipient + tag
                                 : recipient.substr(0, at) + tag + recipient.substr(at);
}

}  // namespace smtpmark::loadgen
