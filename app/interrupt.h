#pragma once

namespace tessera::app {

/// From now on SIGINT and SIGTERM ask long work to stop at the next occasion and save; the second
/// one ends the process at once.
void catch_interrupts();

/// Whether such a signal came. Any thread may ask.
bool interrupted();

}  // namespace tessera::app
