#include "parser/status.h"

namespace smtpmark::parser {

std::string_view to_string(SyntaxError error) noexcept {
  switch (error) {
    case SyntaxError::kNone: return "no error";
    case SyntaxError::kUnknownCommand: return "unknown command";
    case SyntaxError::kBadSyntax: return "bad syntax";
    case SyntaxError::kBareCr: return "bare CR";
    case SyntaxError::kBareLf: return "bare LF";
    case SyntaxError::kNulOctet: return "NUL octet";
    case SyntaxError::kNonAscii: return "octet that is not ASCII";
    case SyntaxError::kBadUtf8: return "malformed UTF-8";
    case SyntaxError::kLineTooLong: return "line too long";
    case SyntaxError::kLocalPartTooLong: return "local part too long";
    case SyntaxError::kDomainTooLong: return "domain too long";
    case SyntaxError::kPathTooLong: return "path too long";
    case SyntaxError::kBadAddressLiteral: return "bad address literal";
    case SyntaxError::kNullPathNotAllowed: return "null path not allowed";
    case SyntaxError::kBadParameter: return "bad parameter";
    case SyntaxError::kDuplicateParameter: return "duplicate parameter";
    case SyntaxError::kNumberOverflow: return "number too large";
    case SyntaxError::kTooManyParameters: return "too many parameters";
    case SyntaxError::kNeedsSmtpUtf8: return "SMTPUTF8 missing";
    case SyntaxError::kBadReplyCode: return "bad reply code";
    case SyntaxError::kCodeMismatch: return "different codes in one reply";
    case SyntaxError::kReplyTooLong: return "reply too long";
    case SyntaxError::kTooManyLines: return "too many lines in one reply";
  }
  return "unknown error";
}

}  // namespace smtpmark::parser
