// Contents of messages that are made up: text, HTML beside it, attachments.
#ifndef SMTPMARK_LOADGEN_CONTENT_H_
#define SMTPMARK_LOADGEN_CONTENT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace smtpmark::loadgen {

enum class BodyKind : std::uint8_t {
  kText,
  kAlternative,  // text and HTML (RFC 2046, 5.1.4)
  kMime,         // and an attachment in base64 for what is beyond ContentPlan::text_limit
};
std::string_view to_string(BodyKind kind) noexcept;

struct ContentPlan {
  BodyKind kind = BodyKind::kText;
  std::uint32_t line_length = 76;        // octets of a line of text, CRLF excluded
  bool eight_bit = false;                // text has letters beyond ASCII, in UTF-8
  double dot_share = 0.0;                // of the lines of text: begin with a dot
  std::uint64_t text_limit = 16 * 1024;  // kMime: octets of text and HTML, at most about
};

// Lines of text that go on from call to call.
class TextWriter {
 public:
  // `number` tells texts apart.
  TextWriter(const ContentPlan& plan, std::uint64_t number);

  // Lines of `octets` in all, CRLF included; not 1. The last one is cut or stretched to fit.
  void append_lines(std::string& to, std::uint64_t octets);

 private:
  void append_line(std::string& to, std::uint64_t octets);

  const ContentPlan& plan_;
  std::string_view text_;
  std::size_t at_;
  double dots_due_ = 0.0;
  bool double_dot_ = false;
};

// A whole content: a header with `from` and `to` (of which it says what stands behind the colon), a
// body as planned, `octets` in all. Below least_content() it is that long; a message that is too
// small for its parts has fewer of them. `number` tells contents of one plan apart.
std::string render_content(const ContentPlan& plan, std::string_view from, std::string_view to,
                           std::uint64_t octets, std::uint64_t number);
std::uint64_t least_content(std::string_view from, std::string_view to);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_CONTENT_H_
