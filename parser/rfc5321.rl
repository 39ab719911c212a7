# Rules that more than one grammar of this folder needs.
%%{
  machine rfc5321;

  # RFC 5234, B.1
  SP = " ";
  HTAB = "\t";
  WSP = SP | HTAB;
  CRLF = "\r\n";
  ALPHA = [A-Za-z];
  DIGIT = [0-9];
  DQUOTE = '"';

  # RFC 3629, 4: neither overlong forms nor surrogates.
  utf8_tail = 0x80..0xbf;
  utf8_2 = 0xc2..0xdf utf8_tail;
  utf8_3 = 0xe0 0xa0..0xbf utf8_tail | 0xe1..0xec utf8_tail{2} |
           0xed 0x80..0x9f utf8_tail | 0xee..0xef utf8_tail{2};
  utf8_4 = 0xf0 0x90..0xbf utf8_tail{2} | 0xf1..0xf3 utf8_tail{3} |
           0xf4 0x80..0x8f utf8_tail{2};
  utf8_non_ascii = utf8_2 | utf8_3 | utf8_4;

  # RFC 5321, 4.1.2
  let_dig = ALPHA | DIGIT;
  ldh_str = ( let_dig | "-" )* let_dig;

  # RFC 5321, 4.1.3
  dcontent = 33..90 | 94..126;

  # RFC 4954, 8
  base64_char = let_dig | [+/];
  base64_terminal = base64_char{2} "==" | base64_char{3} "=";
  base64 = base64_terminal | ( base64_char{4} )+ base64_terminal?;
}%%
