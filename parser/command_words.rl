# What both machines for command lines do, and the words they are made of. `m` is a Marks
# (command_marks.h); `let_digs` tells the letters and digits of the line (octet_lanes.h).
%%{
  machine command_words;

  action accept { accepted = true; fbreak; }

  # The innermost rule that has a word for a wrong octet has it first.
  action bad_octet {
    if (!m.wrong) m.fail(*p < 0x80 ? SyntaxError::kBadSyntax : SyntaxError::kNonAscii, p);
  }
  action bad_utf8_lead { if (*p >= 0x80) m.fail(SyntaxError::kBadUtf8, p); }
  action bad_utf8_tail { m.fail(SyntaxError::kBadUtf8, p); }
  action bad_literal { m.fail_literal(p); }
  action bad_value { if (!m.wrong) m.fail(SyntaxError::kBadParameter, p); }

  # A shortcut through states that would lead back to themselves.
  action run_atext { p = last_of_run(kAtext, p, m.line_begin, let_digs); }
  action run_let_dig { p = last_of_run(kLetDig, p, m.line_begin, let_digs); }

  action argument_begin { m.begin = p; }
  action argument_end { command.argument = view(m.begin, p); }
  action response_begin { m.begin = p; }
  action response_end { command.initial_response = view(m.begin, p); }
  action host_begin { m.host = p; m.kind = DomainKind::kName; }
  action host_end { if (!m.end_host(p)) fbreak; }
  action hello_literal { if (!m.begin_hello_literal(p)) fbreak; }
  action hello_end { command.hello_kind = m.kind; }

  action literal_begin { m.literal = p; }
  action literal_end { if (!m.end_literal(p)) fbreak; }

  action path_begin { m.path_begin = p; }
  action route_begin { m.route = p; }
  action route_end { m.route_end = p; }
  action local_begin { m.local = p; }
  action local_end { m.local_end = p; }
  action quotes { m.is_quoted = true; }
  action escapes { m.is_escaped = true; }
  action domain_begin { m.host = p; m.kind = DomainKind::kName; }
  action domain_end { m.host_end = p; }
  action path_utf8 { if (!m.path_utf8) m.path_utf8 = p; }
  action path_end { if (!m.end_path(p + 1)) fbreak; }
  action bare_path_end { if (!m.end_path(p)) fbreak; }
  action domainless_end { if (!m.end_domainless(p, p + 1)) fbreak; }
  action bare_domainless_end { if (!m.end_domainless(p, p)) fbreak; }
  action no_brackets { if (!m.grant(kAllowNoBrackets, p)) fbreak; }
  action ignored_text { if (!m.grant(kAllowArgument, p)) fbreak; }
  action null_path_misplaced { m.fail(SyntaxError::kNullPathNotAllowed, p); fbreak; }

  action parameter_begin { m.begin_parameter(p); }
  action parameter_end { command.parameters = view(m.parameters, p); }
  action misplaced { m.fail(SyntaxError::kBadParameter, m.begin); fbreak; }
  action unknown_keyword { if (!m.claim_unknown(p)) fbreak; }
  action claim { if (!m.claim(m.parameter)) fbreak; }
  action claim_hold { if (!m.claim(m.parameter, kParamHoldFor | kParamHoldUntil)) fbreak; }
  action is_size { m.parameter = kParamSize; }
  action is_body { m.parameter = kParamBody; }
  action is_smtputf8 { m.parameter = kParamSmtpUtf8; }
  action is_ret { m.parameter = kParamRet; }
  action is_envid { m.parameter = kParamEnvid; }
  action is_notify { m.parameter = kParamNotify; }
  action is_orcpt { m.parameter = kParamOrcpt; }
  action is_auth { m.parameter = kParamAuth; }
  action is_by { m.parameter = kParamBy; }
  action is_holdfor { m.parameter = kParamHoldFor; }
  action is_holduntil { m.parameter = kParamHoldUntil; }
  action is_mtrk { m.parameter = kParamMtrk; }
  action is_mt_priority { m.parameter = kParamMtPriority; }
  action is_rrvs { m.parameter = kParamRrvs; }
  action is_requiretls { m.parameter = kParamRequireTls; }

  # All digits at once: the commonest numbers, of 64 bits.
  action read_number {
    const Number read = read_number(p);
    p = read.last;
    number = read.value;
    if (read.overflows) { m.fail(SyntaxError::kNumberOverflow, p); fbreak; }
  }
  # A digit too many is for the machine to reject.
  action read_size {
    const Number read = read_number(p, kMaxSizeDigits);
    p = read.last;
    command.size = read.value;
    if (read.overflows) { m.fail(SyntaxError::kNumberOverflow, p); fbreak; }
  }
  action short_number_begin { number = 0; }
  action short_number_digit { number = number * 10 + (*p - std::uint64_t{'0'}); }
  action value_begin { m.value = p; }
  action body_7bit { command.body = BodyType::k7bit; }
  action body_8bitmime { command.body = BodyType::k8bitMime; }
  action body_binarymime { command.body = BodyType::kBinaryMime; }
  action ret_full { command.ret_full = true; }
  action ret_hdrs { command.ret_full = false; }
  action envid_end { if (!m.end_envid(p)) fbreak; }
  action auth_param_end { command.auth_param = view(m.value, p); }
  action notify_begin { command.notify = 0; }
  action notify_never { command.notify |= kNotifyNever; }
  action notify_success { command.notify |= kNotifySuccess; }
  action notify_failure { command.notify |= kNotifyFailure; }
  action notify_delay { command.notify |= kNotifyDelay; }
  action orcpt_type_end { command.orcpt_type = view(m.value, p); }
  action orcpt_end { if (!m.end_orcpt(p)) fbreak; }
  action by_begin { command.by_trace = false; }
  action by_time_end { m.end_by_time(number); }
  action by_notify { command.by_mode = ByMode::kNotify; }
  action by_return { if (!m.set_by_return(p)) fbreak; }
  action by_trace { command.by_trace = true; }
  action hold_for_end { command.hold_for_s = static_cast<std::uint32_t>(number); }
  action hold_until_end { if (!m.end_timestamp(p, command.hold_until_s)) fbreak; }
  action mtrk_begin { m.value = p; command.mtrk_s = 0; }
  action mtrk_end { command.mtrk = view(m.value, p); }
  action mtrk_time_end { command.mtrk_s = static_cast<std::uint32_t>(number); }
  action mt_priority_begin { m.value = p; }
  action mt_priority_digit {
    command.mt_priority = static_cast<std::int8_t>(*m.value == '-' ? '0' - *p : *p - '0');
  }
  action rrvs_begin { m.value = p; command.rrvs_action = RrvsAction::kUnspecified; }
  action rrvs_end { if (!m.end_timestamp(p, command.rrvs_since_s)) fbreak; }
  action rrvs_continue { command.rrvs_action = RrvsAction::kContinue; }
  action rrvs_reject { command.rrvs_action = RrvsAction::kReject; }

  action chunk_size_end { command.chunk_size = number; }
  action chunk_is_last { command.chunk_last = true; }

  include rfc5321 "rfc5321.rl";

  # RFC 6531, 3.3
  utf8 = utf8_non_ascii >err(bad_utf8_lead) <>err(bad_utf8_tail);
  path_utf8 = utf8 >path_utf8;

  # RFC 5321, 4.1.2
  atext = let_dig | [!#$%&'*+/=?^_`{|}~\-];
  atom = ( atext @run_atext | path_utf8 )+;
}%%
