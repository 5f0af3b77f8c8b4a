//! What the command line says of itself.

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Looks after Recado: does a day fit, is anything stuck, what becomes of dead letters, how do the
switches stand, what do the templates say. Sets a bank up, and looks after the secrets.

recado-operator onboard --bank FILE [--apply] [--user-pool-id POOL --secret-file FILE | --client-id ID]
    Writes a bank of a file (infra/operator/bank.example.toml) into the registry, its access token into the
    secret, makes its API client, subscribes the app to its account, hands the templates in, and checks.
    Changes nothing without --apply. What is done already stays; what broke off is completed by the next run.
  --webhook-url URL      where the app's webhooks go; left out, they stay where they are
  --templates PATH       versions of the bank's own: TOML files, or folders of them
  --stdin                the access token comes from there, not from the variable RECADO_ACCESS_TOKEN
recado-operator check --tenant T
    What a bank lacks, a line each with what to do: registry, secrets, token, number, webhooks, templates, SMS.

recado-operator secrets
    What the two secrets hold, by fingerprint (of SHA-256). No command prints a value.
recado-operator secrets init [--app-id APP] [--apply]
    First values: random keys and pepper; with the app's id and its secret in RECADO_APP_SECRET (or --stdin)
    what belongs to Meta. A secret that has a value keeps it.
recado-operator secrets add-sealing-key | use-sealing-key KEY [--apply]
    A new key opens at once and seals once it is used. Between the two: until every function has read it.
recado-operator secrets add-app-secret | drop-app-secret FINGERPRINT [--apply]
recado-operator secrets set-token T [--apply]
    The app's secret and a bank's token come from RECADO_APP_SECRET and RECADO_ACCESS_TOKEN, or --stdin.

recado-operator reconcile --tenant T --day YYYY-MM-DD [--ledger FILE]
    Counts a bank's day (in the bank's own zone) and names every notification that does not fit:
    never ended although its validity is over, ended but content still sealed, contradictory facts,
    unreadable. With the bank's list of accepted ids (one ntf_… a line, or CSV whose first column it
    is) it names those that we do not have and those that the bank does not know.

recado-operator stuck [--tenant T] [--queue URL]… [--dead-letters URL]…
    Names every notification, of one bank or of all, whose validity is over and whose end nobody
    wrote, and what happened to it last. Tells how deep the queues are; a dead letter does not fit.

recado-operator redrive --from DEAD_LETTERS_URL --to QUEUE_URL [--send] [--limit N]
    Says of each dead letter what it is, what its notification has come to, and whether it would be
    sent again, dropped or kept. Changes nothing without --send. With it, letter by letter: first
    sent, then deleted; what does not read, or has no notification, stays.

recado-operator import-consents --file FILE --api URL [--position FILE] [--bad-lines FILE]
    Hands a bank's existing consents (.csv, .ndjson, .jsonl) to the API, piece by piece, with the access
    token in RECADO_TOKEN. Names every bad line by its number in the file, and the rule; takes the good
    ones. With --position it goes on where it broke off; without, from the beginning: what is taken
    twice changes nothing. --bad-lines gets the bad lines as they are found. Needs neither table nor AWS.

recado-operator switches
    How every switch that was ever turned stands, since when, by whom and why.
recado-operator switches off|on tenant T | template T NAME | lane critical|standard|bulk
    Holds messages back, or lets them go. Held back, they wait until their validity ends.
recado-operator switches breaker open|close [T]
    Open: no SMS for want of a receipt alone, of one bank or of all. One-time codes are exempt.
recado-operator switches sms-budget set [T] [--per-minute N] [--per-day N] | lift [T]
recado-operator switches rate set T --per-second N | lift T
    How many SMS may leave; how many requests a bank may make.
recado-operator switches history SWITCH
    Every turn of one switch, by the name that `switches` prints.
  --why TEXT             why, kept with every turn: a ticket, never a customer's data
  --who NAME             who turns it (the process's user)

recado-operator templates
    Every template of the catalogue: name, version, class, category, languages, and how many SMS parts
    its text takes at worst. Needs no AWS, as the two that follow.
recado-operator templates lint [FILE|FOLDER]… [--host HOST]…
    Each fault of the catalogue, or of these TOML files, with its place and its rule. An address must
    lead to one of the hosts (those of the catalogue's own examples unless others are named).
recado-operator templates render NAME [--locale L] [--channel whatsapp|sms|voice]
    What a template of the catalogue shows with its examples, in every language and on every channel.

options of every command
  --table NAME           the table (else the variable TABLE_NAME)
  --endpoint-url URL     another AWS than AWS: the local stack's `aws_endpoint`
  --json                 for programs
options of onboard, check and secrets
  --keys-secret ID       the stack's output KeysSecretId (else the variable KEYS_SECRET_ID)
  --whatsapp-secret ID   the stack's output WhatsAppSecretId (else the variable WHATSAPP_SECRET_ID)
  --whatsapp-url URL     another Cloud API than Meta's (else the variable WHATSAPP_URL)
options of reconcile and stuck
  --grace DURATION       how long after its validity an end may still be on its way (15m)
  --pages-per-second N   how fast the table is read: pages of up to 1 MB, 256 read units each (8)

Region and credentials come from the environment, as the functions have them: AWS_REGION,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. The local stack needs none of them.
With a profile, first: eval \"$(aws configure export-credentials --format env)\"

exit code: 0 all fits, nothing to do; 1 something does not fit; 2 usage, settings or connection
";
