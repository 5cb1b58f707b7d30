//! A bucket of an S3-compatible service as a destination.

use super::{DestinationError, FileVersion, ListedFile};
use futures::TryStreamExt;
use object_store::{
    ClientConfigKey, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, StaticCredentialProvider,
    UpdateVersion, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsCredential},
    path::Path as ObjectPath,
};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::io::AsyncReadExt;
use touchline_model::Timestamp;

/// How an S3-compatible service is reached. What is empty comes from the usual `AWS_*` variables of the environment, or
/// from the machine's role.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3Settings {
    /// Address of the service, such as `https://minio.example.com`; empty for AWS.
    pub endpoint: String,
    /// Region, such as `eu-central-1`.
    pub region: String,
    /// Id of the access key.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: String,
    /// Whether plain HTTP will do.
    pub allow_http: bool,
}

// The key is nobody's business.
impl std::fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "S3Settings({} {} {})", self.endpoint, self.region, self.access_key_id)
    }
}

/// Files up to this size go in one request; S3 wants parts of at least 5 MiB.
const PART: usize = 8 << 20;
/// Parts under way at once.
const AT_ONCE: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    objects: Arc<AmazonS3>,
    bucket: String,
    prefix: String,
    scratch: PathBuf,
}

impl Bucket {
    pub(super) fn open(rest: &str, settings: &S3Settings, scratch: &Path) -> Result<Self, String> {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err("the destination names no bucket: give s3://bucket/prefix".to_owned());
        }
        let mut builder =
            AmazonS3Builder::from_env().with_bucket_name(bucket).with_http_connector(super::wire::ByHyper);
        if !settings.endpoint.is_empty() {
            builder = builder.with_endpoint(&settings.endpoint);
        }
        if !settings.region.is_empty() {
            builder = builder.with_region(&settings.region);
        }
        if !settings.access_key_id.is_empty() {
            // As a pair of its own: a session's token in the environment belongs to another one.
            let pair = AwsCredential {
                key_id: settings.access_key_id.clone(),
                secret_key: settings.secret_access_key.clone(),
                token: None,
            };
            builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(pair)));
        }
        if settings.allow_http {
            builder = builder.with_allow_http(true);
        }
        let plain = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
            .iter()
            .filter_map(|key| builder.get_config_value(key))
            .any(|it| it.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://")));
        let allowed = AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp);
        if plain && !super::wire::is_yes(builder.get_config_value(&allowed).as_deref()) {
            return Err(format!(
                "s3://{bucket}: the service's address begins with http://, where everybody on the way can read along: \
                 use https, or set `s3.allow_http`"
            ));
        }
        let objects = builder.build().map_err(|e| format!("s3://{bucket}: {e}"))?;
        Ok(Self {
            objects: Arc::new(objects),
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            scratch: scratch.to_owned(),
        })
    }

    pub(super) fn below(&self, path: &str) -> Self {
        let prefix = format!("{}/{path}", self.prefix);
        Self { prefix: prefix.trim_matches('/').to_owned(), ..self.clone() }
    }

    pub(super) fn name(&self) -> String {
        match self.prefix.as_str() {
            "" => format!("s3://{}", self.bucket),
            prefix => format!("s3://{}/{prefix}", self.bucket),
        }
    }

    fn at(&self, path: &str) -> ObjectPath {
        ObjectPath::from_iter(self.prefix.split('/').chain(path.split('/')).filter(|part| !part.is_empty()))
    }

    fn failed(&self, path: &str) -> impl Fn(object_store::Error) -> DestinationError {
        let place = format!("{}/{path}", self.name());
        move |error| {
            let place = place.clone();
            match error {
                object_store::Error::Precondition { .. } | object_store::Error::AlreadyExists { .. } => {
                    DestinationError::Changed { place }
                }
                error => DestinationError::Failed { place, reason: super::reason::of(&error) },
            }
        }
    }

    pub(super) fn incoming(&self) -> Result<PathBuf, DestinationError> {
        super::folder::ready(&self.scratch)?;
        Ok(self.scratch.clone())
    }

    pub(super) async fn keep(&self, from: &Path, to: &str) -> Result<(), DestinationError> {
        let (at, failed) = (self.at(to), self.failed(to));
        let mut file = tokio::fs::File::open(from).await.map_err(|e| DestinationError::io(from, &e))?;
        let mut buffer = vec![0; PART];
        let mut read = fill(&mut file, &mut buffer).await.map_err(|e| DestinationError::io(from, &e))?;
        if read < PART {
            buffer.truncate(read);
            return self.objects.put(&at, buffer.into()).await.map(|_| ()).map_err(failed);
        }
        let upload = self.objects.put_multipart(&at).await.map_err(&failed)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        while read > 0 {
            upload.wait_for_capacity(AT_ONCE).await.map_err(&failed)?;
            upload.write(&buffer[..read]);
            read = fill(&mut file, &mut buffer).await.map_err(|e| DestinationError::io(from, &e))?;
        }
        upload.finish().await.map(|_| ()).map_err(failed)
    }

    pub(super) async fn read(&self, path: &str) -> Result<Option<(Vec<u8>, FileVersion)>, DestinationError> {
        let failed = self.failed(path);
        let found = match self.objects.get(&self.at(path)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            other => other.map_err(&failed)?,
        };
        let version = FileVersion(found.meta.e_tag.clone());
        Ok(Some((found.bytes().await.map_err(failed)?.to_vec(), version)))
    }

    /// `before` is what it must replace: a version, or nothing; `None` when that does not matter.
    pub(super) async fn replace(
        &self,
        path: &str,
        bytes: Vec<u8>,
        before: Option<Option<&FileVersion>>,
    ) -> Result<(), DestinationError> {
        let at = self.at(path);
        let mode = match before {
            Some(Some(FileVersion(Some(tag)))) => {
                PutMode::Update(UpdateVersion { e_tag: Some(tag.clone()), version: None })
            }
            Some(None) => PutMode::Create,
            _ => PutMode::Overwrite,
        };
        let payload = PutPayload::from(bytes);
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.objects.put_opts(&at, payload.clone(), options).await {
            // A service that knows no conditions.
            Err(object_store::Error::NotImplemented { .. }) => {
                self.objects.put(&at, payload).await.map(|_| ()).map_err(self.failed(path))
            }
            other => other.map(|_| ()).map_err(self.failed(path)),
        }
    }

    pub(super) async fn list(&self, below: &str) -> Result<Vec<ListedFile>, DestinationError> {
        let failed = self.failed(below);
        let cut = if self.prefix.is_empty() { 0 } else { self.at("").as_ref().len() + 1 };
        let found = self.objects.list(Some(&self.at(below))).map_ok(|it| ListedFile {
            path: it.location.as_ref().get(cut..).unwrap_or_default().to_owned(),
            bytes: it.size,
            modified: Timestamp::from_micros(it.last_modified.timestamp_micros()),
        });
        found.try_collect().await.map_err(failed)
    }

    pub(super) async fn remove(&self, path: &str) -> Result<(), DestinationError> {
        match self.objects.delete(&self.at(path)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => other.map_err(self.failed(path)),
        }
    }
}

/// Reads until the buffer is full or the file ends.
async fn fill(file: &mut tokio::fs::File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]).await? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end here")]
    use super::*;

    #[test]
    fn an_address_without_encryption_is_refused_unless_it_is_allowed() {
        let open = |endpoint: &str, allow_http| {
            let settings = S3Settings { endpoint: endpoint.to_owned(), allow_http, ..S3Settings::default() };
            Bucket::open("bucket/prefix", &settings, Path::new("scratch"))
        };
        let refused = open("HTTP://127.0.0.1:9000", false).unwrap_err();
        assert!(refused.contains("s3.allow_http"), "{refused}");
        assert!(open("http://127.0.0.1:9000", true).is_ok());
        assert!(open("https://127.0.0.1:9000", false).is_ok());
    }

    #[tokio::test]
    async fn a_configured_key_stands_alone() {
        let settings = S3Settings {
            region: "eu-central-1".to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            ..S3Settings::default()
        };
        let bucket = Bucket::open("bucket", &settings, Path::new("scratch")).unwrap();
        let used = bucket.objects.credentials().get_credential().await.unwrap();
        assert_eq!((&*used.key_id, &*used.secret_key, &used.token), ("id", "secret", &None));
    }
}
