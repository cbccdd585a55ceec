#pragma once

#include "run/run_client.h"
#include "support/paths.h"
#include "support/run_helper.h"

#include <QTemporaryDir>

#include <string>

namespace quantscope::test {

/// The digits with their labels on the export whose scales are powers of two.
inline RunRequest digitsRequest()
{
    RunRequest out;
    out.model.path = sample("digits_fixed_qonnx.onnx");
    out.data = {sample("digits_test.npz") + ":images", sample("digits_test.npz") + ":labels", {}};
    return out;
}

/// Empty where it is not built.
inline std::string realHelper()
{
    const QString folder = helperFolder();
    return folder.isEmpty() ? "" : folder.toStdString() + "/quantscope-torch";
}

/// Base of tests with helpers that shell scripts play.
class ScriptedHelpers {
protected:
    RunClientOptions helperThat(const QString &script)
    {
        QFile file(m_folder.filePath(QString("helper%1").arg(++m_count)));
        if (!file.open(QIODevice::WriteOnly) || file.write(("#!/bin/sh\n" + script).toUtf8()) < 0)
            qFatal("cannot write");
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        RunClientOptions out;
        out.program = file.fileName().toStdString();
        out.silence = std::chrono::seconds(2);
        return out;
    }

    QTemporaryDir m_folder;

private:
    int m_count = 0;
};

} // namespace quantscope::test
