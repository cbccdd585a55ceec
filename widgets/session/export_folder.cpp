#include "session/export_folder.h"

#include "base/file_name.h"
#include "items/text.h"
#include "session/settings.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr qint64 kLargestManifest = 64 << 20;

/// A path holds slashes, which QSettings takes for groups.
static QString folderKey(const QString &modelPath)
{
    return u"exports/"_s + QString::fromLatin1(modelPath.toUtf8().toHex());
}

QString exportFolder(const QString &modelPath)
{
    return Settings::text(folderKey(modelPath), qs(modelStem(str(modelPath))) + u"_hw"_s);
}

void rememberExportFolder(const QString &modelPath, const QString &folder)
{
    Settings::setText(folderKey(modelPath), folder);
}

QString absoluteExportFolder(const QString &modelPath, const QString &typed)
{
    return typed.isEmpty() ? QString() : QDir::cleanPath(QDir(QFileInfo(modelPath).path()).absoluteFilePath(typed));
}

QString otherSourceIn(const QString &folder, const QString &modelPath)
{
    QFile manifest(QDir(folder).filePath(u"manifest.json"_s));
    if (!manifest.open(QIODevice::ReadOnly) || manifest.size() > kLargestManifest)
        return {};
    const QJsonObject source = QJsonDocument::fromJson(manifest.readAll()).object().value(u"source"_s).toObject();
    const QString file = source.value(u"file"_s).toString();
    return file == QFileInfo(modelPath).fileName() ? QString() : file;
}

} // namespace quantscope
