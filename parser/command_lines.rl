# What follows the verb of a command line (RFC 5321, 4.1, and the extensions named below). The
# including machine decides on gap, next_gap, after_colon, line_end, host_octet, last_dot, dot_string,
# domainless_mail, domainless_rcpt, bracketless, hello_without and ignored: command.rl, as the RFCs
# have them, and lenient_command.rl, as mail programs do.
%%{
  machine command_lines;

  # White space before the line end is tolerated (RFC 5321, 4.1.1).
  eol = WSP* line_end @accept;

  # RFC 5321, 4.1.2 and 4.1.3; RFC 6531, 3.3
  ldh_label = host_octet ( "-"* host_octet )*;
  ldh_domain = ldh_label ( "." ldh_label )* last_dot;
  u_octet = host_octet | path_utf8;
  u_label = u_octet ( "-"* u_octet )*;
  u_domain = u_label ( "." u_label )* last_dot;
  address_literal = "[" >literal_begin ( dcontent* "]" @literal_end ) @err(bad_literal);
  host = ( ldh_domain | address_literal ) >host_begin %host_end;
  hello_host = ( ldh_domain | address_literal >hello_literal ) >host_begin %host_end;
  source_route = ( "@" u_domain ( "," "@" u_domain )* ) >route_begin %route_end ":";
  qtext_smtp = 32..33 | 35..91 | 93..126 | path_utf8;
  quoted_pair_smtp = "\\" 32..126 >escapes;
  quoted_string = DQUOTE ( qtext_smtp | quoted_pair_smtp )* DQUOTE @quotes;
  local_part = ( dot_string | quoted_string ) >local_begin %local_end;
  domain = ( u_domain | address_literal ) >domain_begin %domain_end;
  in_reverse_path = source_route? local_part ( "@" domain ">" @path_end | domainless_mail );
  in_forward_path = source_route? local_part ( "@" domain ">" @path_end | domainless_rcpt );
  bare_path = bracketless ( ( local_part "@" domain ) %bare_path_end |
                            local_part %bare_domainless_end ) >no_brackets >path_begin;

  # RFC 3461, 4: what ENVID and ORCPT stand for is printable US-ASCII (4.2 and 4.4).
  xchar = 33..126 - [+=];
  xtext_char = xchar | "+" ( [2-6] [0-9A-F] | "7" [0-9A-E] );
  # What stands for a mailbox or a word may be UTF-8 too, but has no control octet.
  word_xtext_char = xtext_char | "+" [89A-F] [0-9A-F];

  # RFC 6533, 3: "\x{2B}" stands for "+". "10" 4*HEXDIG is read as four, for there are no more planes.
  hexpoint = [01] [1-9] | "10" | "20" | "2B"i | "3D"i | "7F"i | "5C"i | [89A-Fa-f] xdigit |
             [1-9A-Fa-f] xdigit{2} | [1-9A-CE-Fa-ce-f] xdigit{3} | "D"i [0-7] xdigit{2} |
             [1-9A-Fa-f] xdigit{4} | "10" xdigit{4};
  utf8_address_char = ( xchar - "\\" ) | "\\x{" hexpoint "}" | utf8;

  # RFC 3339, 5.6; what day a month has is for the action.
  full_date = DIGIT{4} "-" ( "0" [1-9] | "1" [0-2] ) "-"
              ( "0" [1-9] | [12] DIGIT | "3" [01] );
  hour_minute = ( [01] DIGIT | "2" [0-3] ) ":" [0-5] DIGIT;
  date_and_clock = full_date "T"i hour_minute ":" ( [0-5] DIGIT | "60" );
  secfrac = "." DIGIT+;
  offset = "Z"i | [+\-] hour_minute;
  date_time = date_and_clock secfrac? offset;

  # RFC 5321, 4.1.2; RFC 6531, 3.3
  esmtp_keyword = let_dig ( let_dig | "-" )*;
  esmtp_value = ( 33..60 | 62..126 | utf8 )+;
  mail_keyword = "SIZE"i | "BODY"i | "SMTPUTF8"i | "RET"i | "ENVID"i | "AUTH"i | "BY"i |
                 "HOLDFOR"i | "HOLDUNTIL"i | "MTRK"i | "MT-PRIORITY"i | "REQUIRETLS"i;
  rcpt_keyword = "NOTIFY"i | "ORCPT"i | "RRVS"i;

  # RFC 1870, 6
  size = "SIZE"i %is_size %claim
         ( "=" DIGIT @read_size ) $err(bad_value);
  # RFC 6152, 2; RFC 3030, 3
  body = "BODY"i %is_body %claim
         ( "=" ( "7BIT"i @body_7bit | "8BITMIME"i @body_8bitmime |
                 "BINARYMIME"i @body_binarymime ) ) $err(bad_value);
  # RFC 6531, 3.1; RFC 8689, 2
  smtputf8 = "SMTPUTF8"i %is_smtputf8 %claim %err(bad_value);
  requiretls = "REQUIRETLS"i %is_requiretls %claim %err(bad_value);
  # RFC 3461, 4; RFC 6533, 3
  ret = "RET"i %is_ret %claim ( "=" ( "FULL"i @ret_full | "HDRS"i @ret_hdrs ) ) $err(bad_value);
  envid = "ENVID"i %is_envid %claim
          ( "=" xtext_char+ >value_begin %envid_end ) $err(bad_value);
  notify_element = "SUCCESS"i @notify_success | "FAILURE"i @notify_failure | "DELAY"i @notify_delay;
  notify = "NOTIFY"i %is_notify %claim
           ( "=" ( "NEVER"i @notify_never | notify_element ( "," notify_element )* ) >notify_begin )
           $err(bad_value);
  addr_type = ( atext - "=" )+ - "utf-8"i;
  orcpt = "ORCPT"i %is_orcpt %claim
          ( "=" ( addr_type %orcpt_type_end ";" xtext_char* |
                  "utf-8"i %orcpt_type_end ";" utf8_address_char+ )
            >value_begin %orcpt_end ) $err(bad_value);
  # RFC 4954, 5
  auth_param = "AUTH"i %is_auth %claim
               ( "=" word_xtext_char+ >value_begin %auth_param_end ) $err(bad_value);
  # RFC 2852, 4
  by_time = ( [+\-]? DIGIT{1,9} >short_number_begin $short_number_digit ) >value_begin %by_time_end;
  by = "BY"i %is_by %claim
       ( "=" ( by_time ";" ( "N"i @by_notify | "R"i @by_return ) ( "T"i @by_trace )? ) >by_begin )
       $err(bad_value);
  # RFC 4865, 4
  holdfor = "HOLDFOR"i %is_holdfor %claim_hold
            ( "=" ( [1-9] DIGIT{0,8} ) >short_number_begin $short_number_digit %hold_for_end ) $err(bad_value);
  holduntil = "HOLDUNTIL"i %is_holduntil %claim_hold
              ( "=" date_time >value_begin %hold_until_end ) $err(bad_value);
  # RFC 3885, 1 and 3: its base64 is any of the 64 letters, without "=", which no esmtp-value holds.
  mtrk = "MTRK"i %is_mtrk %claim
         ( "=" base64_char+ >mtrk_begin %mtrk_end
           ( ":" DIGIT{1,9} >short_number_begin $short_number_digit %mtrk_time_end )? ) $err(bad_value);
  # RFC 6710, 3
  mt_priority = "MT-PRIORITY"i %is_mt_priority %claim
                ( "=" ( "0" | "-"? [1-9] ) >mt_priority_begin @mt_priority_digit ) $err(bad_value);
  # RFC 7293, 3.1: a date-time without time-secfrac
  rrvs = "RRVS"i %is_rrvs %claim
         ( "=" ( date_and_clock offset ) >rrvs_begin %rrvs_end
           ( ";" ( "C"i @rrvs_continue | "R"i @rrvs_reject ) )? ) $err(bad_value);

  unknown = ( esmtp_keyword - ( mail_keyword | rcpt_keyword ) ) %unknown_keyword
            ( "=" esmtp_value )?;
  mail_parameter = size | body | smtputf8 | ret | envid | auth_param | by | holdfor | holduntil |
                   mtrk | mt_priority | requiretls | unknown |
                   rcpt_keyword %misplaced ( "=" esmtp_value )?;
  rcpt_parameter = notify | orcpt | rrvs | unknown |
                   mail_keyword %misplaced ( "=" esmtp_value )?;
  mail_parameters = ( next_gap mail_parameter >parameter_begin %parameter_end )*;
  rcpt_parameters = ( next_gap rcpt_parameter >parameter_begin %parameter_end )*;

  # XCLIENT_README, XFORWARD_README: a name means what the server says it does.
  attribute = esmtp_keyword %unknown_keyword ( "=" word_xtext_char* ) $err(bad_value);

  # RFC 3030, 2
  chunk_size = DIGIT @read_number %chunk_size_end;

  # RFC 3986, 4.3; what stands in a URL where is not looked at.
  uri_char = let_dig | [\-._~:/?@!$&'()*+,;=] | "[" | "]" | "%" xdigit{2};
  absolute_uri = ALPHA ( let_dig | [+\-.] )* ":" uri_char+;

  # RFC 1985, 5: a node, "@" and a domain, or "#" and the name of a queue.
  queue = 33..126+;
  node = host | "@" ldh_domain >host_begin %host_end | "#" queue;

  # RFC 2645, 5
  listed_domain = ldh_domain >host_begin %host_end;
  domain_list = ( listed_domain ( "," listed_domain )* ) >argument_begin %argument_end;

  # RFC 4954, 8
  sasl_mech = ( let_dig | [_\-] ){1,20};

  # What the argument of VRFY, EXPN, HELP or NOOP means is for the local system (RFC 5321, 3.5.1).
  word = ( 33..126 | utf8 )+;
  text = ( word ( WSP+ word )* ) >argument_begin %argument_end;

  # The commands; a verb has been read before, and for mail_end and rcpt_end the path.
  hello := ( gap hello_host >argument_begin %argument_end %hello_end eol | hello_without ) $err(bad_octet);
  mail_end := ( mail_parameters eol ) $err(bad_octet);
  mail := ( gap "FROM:"i after_colon
            ( "<" @path_begin ( ">" | in_reverse_path ) | bare_path )
            mail_parameters eol ) $err(bad_octet);
  rcpt_end := ( rcpt_parameters eol ) $err(bad_octet);
  rcpt := ( gap "TO:"i after_colon
            ( "<" @path_begin ( ">" @null_path_misplaced | in_forward_path ) | bare_path )
            rcpt_parameters eol ) $err(bad_octet);
  bdat := ( gap chunk_size ( next_gap "LAST"i @chunk_is_last )? eol ) $err(bad_octet);
  burl := ( gap absolute_uri >argument_begin %argument_end ( next_gap "LAST"i @chunk_is_last )? eol )
          $err(bad_octet);
  auth := ( gap sasl_mech >argument_begin %argument_end
            ( next_gap ( base64 | "=" ) >response_begin %response_end )? eol ) $err(bad_octet);
  etrn := ( gap node >argument_begin %argument_end eol ) $err(bad_octet);
  atrn := ( ( next_gap domain_list )? eol ) $err(bad_octet);
  attributes := ( gap attribute >parameter_begin %parameter_end
                  ( next_gap attribute >parameter_begin %parameter_end )* eol ) $err(bad_octet);
  one_text := ( gap text eol ) $err(bad_octet);
  maybe_text := ( ( next_gap text )? eol ) $err(bad_octet);
  nothing := ( eol | WSP+ ignored text >ignored_text eol ) $err(bad_octet);
}%%
