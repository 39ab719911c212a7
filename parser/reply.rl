// One line of a reply (RFC 5321, 4.2; enhanced codes: RFC 2034 and 3463).
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/grammar.h"
#include "parser/octet_set.h"

%%{
  machine reply;
  alphtype unsigned char;

  action accept { fault = {}; fbreak; }

  # The innermost rule that has a word for a wrong octet has it first.
  action bad_octet { if (!wrong) fail(SyntaxError::kBadSyntax, p); }
  action bad_code { fail(SyntaxError::kBadReplyCode, p); }
  action bad_utf8_lead { if (*p >= 0x80) fail(SyntaxError::kBadUtf8, p); }
  action bad_utf8_tail { fail(SyntaxError::kBadUtf8, p); }

  action code_digit { append(reply.code, *p); }
  action more_lines { reply.last = false; }
  action text_begin { text = p; }
  action text_end { reply.text = view(text, p); }

  # A shortcut through states that would lead back to themselves.
  action run_text { p = last_of_run(kText, p); }

  action class_digit { append(enhanced.class_digit, *p); }
  action subject_digit { append(enhanced.subject, *p); }
  action detail_digit { append(enhanced.detail, *p); }
  action enhanced_end {
    reply.enhanced_mismatch = enhanced.class_digit != reply.code / 100;
    if (!reply.enhanced_mismatch) reply.enhanced = enhanced;
  }

  include rfc5321 "rfc5321.rl";

  # RFC 5321, 4.2; RFC 6531, 3.7.4
  utf8 = utf8_non_ascii >err(bad_utf8_lead) <>err(bad_utf8_tail);
  text_char = HTAB | 32..126 | utf8;
  code = ( [2-5] [0-5] [0-9] ) $code_digit @err(bad_code);

  # RFC 3463, 2
  number = "0" | [1-9] DIGIT{0,2};
  enhanced = [245] $class_digit "." number $subject_digit "." number $detail_digit;
  text_run = ( ( HTAB | 32..126 ) @run_text | utf8 )*;
  text = ( ( text_char - [245] ) text_run )? | [245] text_char* |
         enhanced %enhanced_end ( SP text_run )?;

  # A line that ends with LF alone comes here only when that is allowed.
  line_end = "\r"? "\n";
  main := ( code ( ( SP | "-" @more_lines ) text >text_begin %text_end )? line_end @accept )
          $err(bad_octet);
}%%

namespace smtpmark::parser {
namespace {

%% write data nofinal noerror noentry;

using Octet = const unsigned char;

constexpr OctetSet kText = letters_digits_and("\t !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

std::string_view view(Octet* begin, Octet* end) noexcept {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

// The grammar has at most three digits for any number.
template <typename Number>
void append(Number& number, unsigned char digit) noexcept {
  number = static_cast<Number>(number * 10 + (digit - '0'));
}

}  // namespace

Fault parse_reply_line(std::string_view line, ReplyLine& reply) noexcept {
  const auto* const line_begin = reinterpret_cast<Octet*>(line.data());
  Octet* p = line_begin;
  Octet* const eof = nullptr;  // never met: LF ends the machine
  int cs = reply_start;
  Octet* text = nullptr;
  EnhancedCode enhanced;

  Fault fault{SyntaxError::kBadSyntax, 0};  // unless the grammar says otherwise
  Octet* wrong = nullptr;
  const auto fail = [&](SyntaxError error, Octet* at) {
    wrong = at;
    fault = {error, static_cast<std::size_t>(at - line_begin)};
  };
  reply.code = 0;
  reply.last = true;
  reply.enhanced_mismatch = false;
  reply.enhanced = {};
  reply.text = {};

  %% write exec noend;

  return fault;
}

}  // namespace smtpmark::parser
