#pragma once

#include <QDateTime>
#include <QString>

#include <optional>
#include <utility>
#include <vector>

class QSettings;

namespace quantscope {

/// A file that was open before, as the start page lists it.
struct RecentFile {
    QString path, format, state;
    bool warning = false; ///< the state is something to look at
    qint64 bytes = 0;
    QDateTime modified; ///< of the file, when it was open
    QDateTime opened;
};

/// What is kept between two runs: recent files, layout, theme, the recipe chosen for a model.
class Settings {
public:
    static std::vector<RecentFile> recentFiles();
    static void addRecent(const RecentFile &file);
    static void removeRecent(const QString &path);
    static void clearRecent();

    /// "beside", "none" or the path of a recipe; empty when nobody chose.
    static QString recipeChoice(const QString &modelPath);
    static void setRecipeChoice(const QString &modelPath, const QString &choice);

    /// Which weights of a model that holds several were chosen; empty when nobody chose.
    static QString partChoice(const QString &modelPath);
    static void setPartChoice(const QString &modelPath, const QString &part);

    /// Samples and labels that were chosen for a model (no text: none); nullopt when nobody chose.
    static std::optional<std::pair<QString, QString>> dataChoice(const QString &modelPath);
    static void setDataChoice(const QString &modelPath, const QString &samples, const QString &labels);

    /// What a model is made for (checks/target.h); empty when nobody chose.
    static QString targetChoice(const QString &modelPath);
    static void setTargetChoice(const QString &modelPath, const QString &target);

    /// Megabytes that runs of networks keep between them; nullopt when nobody chose.
    static std::optional<std::uint64_t> runMemory();
    static void setRunMemory(std::uint64_t megabytes);

    static QByteArray bytes(const QString &key);
    static void setBytes(const QString &key, const QByteArray &value);
    static QString text(const QString &key, const QString &otherwise = {});
    static void setText(const QString &key, const QString &value);

    /// Nothing is read or written from now on: for pictures and tests that must not depend on a person's settings.
    static void setVolatile();
};

} // namespace quantscope
