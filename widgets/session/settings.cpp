#include "session/settings.h"

#include <QSettings>
#include <QTemporaryDir>

#include <algorithm>
#include <memory>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kMaxRecent = 12;

static std::unique_ptr<QTemporaryDir> &volatileFolder()
{
    static std::unique_ptr<QTemporaryDir> folder;
    return folder;
}

static std::unique_ptr<QSettings> store()
{
    if (volatileFolder())
        return std::make_unique<QSettings>(volatileFolder()->filePath(u"settings.ini"_s), QSettings::IniFormat);
    return std::make_unique<QSettings>(u"quantscope"_s, u"quantscope"_s);
}

void Settings::setVolatile() { volatileFolder() = std::make_unique<QTemporaryDir>(); }

std::vector<RecentFile> Settings::recentFiles()
{
    const auto settings = store();
    std::vector<RecentFile> files;
    const int count = settings->beginReadArray(u"recent"_s);
    for (int i = 0; i < count; ++i) {
        settings->setArrayIndex(i);
        files.push_back({.path = settings->value(u"path"_s).toString(),
            .format = settings->value(u"format"_s).toString(),
            .state = settings->value(u"state"_s).toString(),
            .warning = settings->value(u"warning"_s).toBool(),
            .bytes = settings->value(u"bytes"_s).toLongLong(),
            .modified = settings->value(u"modified"_s).toDateTime(),
            .opened = settings->value(u"opened"_s).toDateTime()});
    }
    settings->endArray();
    return files;
}

static void writeRecent(const std::vector<RecentFile> &files)
{
    const auto settings = store();
    settings->remove(u"recent"_s);
    settings->beginWriteArray(u"recent"_s, static_cast<int>(files.size()));
    for (std::size_t i = 0; i < files.size(); ++i) {
        settings->setArrayIndex(static_cast<int>(i));
        settings->setValue(u"path"_s, files[i].path);
        settings->setValue(u"format"_s, files[i].format);
        settings->setValue(u"state"_s, files[i].state);
        settings->setValue(u"warning"_s, files[i].warning);
        settings->setValue(u"bytes"_s, files[i].bytes);
        settings->setValue(u"modified"_s, files[i].modified);
        settings->setValue(u"opened"_s, files[i].opened);
    }
    settings->endArray();
}

void Settings::addRecent(const RecentFile &file)
{
    auto files = recentFiles();
    std::erase_if(files, [&](const RecentFile &other) { return other.path == file.path; });
    files.insert(files.begin(), file);
    if (files.size() > kMaxRecent)
        files.resize(kMaxRecent);
    writeRecent(files);
}

void Settings::removeRecent(const QString &path)
{
    auto files = recentFiles();
    std::erase_if(files, [&](const RecentFile &other) { return other.path == path; });
    writeRecent(files);
}

void Settings::clearRecent() { writeRecent({}); }

/// A path holds slashes, which QSettings takes for groups.
static QString recipeKey(const QString &modelPath)
{
    return u"recipes/"_s + QString::fromLatin1(modelPath.toUtf8().toHex());
}

QString Settings::recipeChoice(const QString &modelPath) { return text(recipeKey(modelPath)); }

void Settings::setRecipeChoice(const QString &modelPath, const QString &choice)
{
    if (choice.isEmpty() || choice == u"beside")
        store()->remove(recipeKey(modelPath));
    else
        setText(recipeKey(modelPath), choice);
}

static QString partKey(const QString &modelPath)
{
    return u"parts/"_s + QString::fromLatin1(modelPath.toUtf8().toHex());
}

QString Settings::partChoice(const QString &modelPath) { return text(partKey(modelPath)); }

void Settings::setPartChoice(const QString &modelPath, const QString &part) { setText(partKey(modelPath), part); }

static QString dataKey(const QString &modelPath, const QString &what)
{
    return u"data/"_s + QString::fromLatin1(modelPath.toUtf8().toHex()) + u'/' + what;
}

std::optional<std::pair<QString, QString>> Settings::dataChoice(const QString &modelPath)
{
    if (!store()->contains(dataKey(modelPath, u"samples"_s)))
        return std::nullopt;
    return std::pair(text(dataKey(modelPath, u"samples"_s)), text(dataKey(modelPath, u"labels"_s)));
}

void Settings::setDataChoice(const QString &modelPath, const QString &samples, const QString &labels)
{
    setText(dataKey(modelPath, u"samples"_s), samples);
    setText(dataKey(modelPath, u"labels"_s), labels);
}

static QString targetKey(const QString &modelPath)
{
    return u"targets/"_s + QString::fromLatin1(modelPath.toUtf8().toHex());
}

QString Settings::targetChoice(const QString &modelPath) { return text(targetKey(modelPath)); }

void Settings::setTargetChoice(const QString &modelPath, const QString &target)
{
    if (target.isEmpty())
        store()->remove(targetKey(modelPath));
    else
        setText(targetKey(modelPath), target);
}

static const QString kRunMemory = u"run/memory_megabytes"_s;

std::optional<std::uint64_t> Settings::runMemory()
{
    bool isNumber = false;
    const qulonglong megabytes = text(kRunMemory).toULongLong(&isNumber);
    return isNumber ? std::optional<std::uint64_t>(megabytes) : std::nullopt;
}

void Settings::setRunMemory(std::uint64_t megabytes) { setText(kRunMemory, QString::number(megabytes)); }

QByteArray Settings::bytes(const QString &key) { return store()->value(key).toByteArray(); }

void Settings::setBytes(const QString &key, const QByteArray &value) { store()->setValue(key, value); }

QString Settings::text(const QString &key, const QString &otherwise)
{
    return store()->value(key, otherwise).toString();
}

void Settings::setText(const QString &key, const QString &value) { store()->setValue(key, value); }

} // namespace quantscope
