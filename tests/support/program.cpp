#include "support/program.h"

#include <QProcess>

namespace quantscope::test {

QString programPath() { return qEnvironmentVariable("QUANTSCOPE_BIN") + "/quantscope"; }

Run runWith(const QStringList &arguments)
{
    QProcess process;
    process.start(programPath(), arguments);
    Run run;
    if (!process.waitForFinished(60000))
        return run;
    run.status = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    run.out = process.readAllStandardOutput();
    run.err = process.readAllStandardError();
    return run;
}

} // namespace quantscope::test
