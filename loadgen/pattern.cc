#include "loadgen/pattern.h"

#include "loadgen/text_input.h"

namespace smtpmark::loadgen {

namespace {

constexpr std::string_view kFields = "{A..B}, {rand:A..B} or {seq}";

void append_number(std::string& to, std::uint64_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) to.append(width - digits.size(), '0');
  to += digits;
}

}  // namespace

tl::expected<Pattern::Field, std::string> Pattern::parse_field(std::string_view text) {
  Field field;
  if (text == "seq") return field;
  field.kind = text.starts_with("rand:") ? Kind::kDrawn : Kind::kInTurn;
  if (field.kind == Kind::kDrawn) text.remove_prefix(5);
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return tl::unexpected(std::string());
  const auto from = parse_count(text.substr(0, dots));
  const auto to = parse_count(text.substr(dots + 2));
  if (!from || !to || *to < *from) return tl::unexpected(std::string());
  field.from = *from;
  field.count = *to - *from + 1;
  if (dots > 1 && text.front() == '0') field.width = dots;
  return field;
}

tl::expected<Pattern, std::string> Pattern::parse(std::string_view text) {
  const std::string whole(text);
  Pattern pattern;
  for (std::string* to = &pattern.front_;;) {
    const std::size_t open = text.find('{');
    to->assign(text.substr(0, open));
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    auto field = parse_field(inside);
    if (close == std::string_view::npos || !field) {
      return tl::unexpected(whole + " has a field in braces that is not " + std::string(kFields));
    }
    pattern.fields_.push_back(std::move(*field));
    to = &pattern.fields_.back().behind;
    text.remove_prefix(close + 1);
  }
  return pattern;
}

void Pattern::append(std::string& to, std::uint64_t step, Random& random) const {
  to += front_;
  std::uint64_t turn = step;
  for (const Field& field : fields_) {
    switch (field.kind) {
      case Kind::kSequence: append_number(to, step + 1, 0); break;
      case Kind::kDrawn: append_number(to, field.from + random() % field.count, field.width); break;
      case Kind::kInTurn:
        append_number(to, field.from + turn % field.count, field.width);
        turn /= field.count;
        break;
    }
    to += field.behind;
  }
}

std::string Pattern::filled(bool highest) const {
  std::string text = front_;
  for (const Field& field : fields_) {
    const std::uint64_t above = field.kind == Kind::kSequence ? 1 : field.count - 1;
    append_number(text, field.from + (highest ? above : 0), field.width);
    text += field.behind;
  }
  return text;
}

}  // namespace smtpmark::loadgen
